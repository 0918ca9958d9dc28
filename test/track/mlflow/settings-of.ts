import { Effect } from "effect"
import { type Environment, mlflowSettings } from "../../../src/track/mlflow/settings.ts"

/** Settings for a test: quick to try again, and without anything of who runs it. */
export const settingsOf = (environment: Environment) =>
  Effect.map(
    mlflowSettings(
      { MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: "0.01", MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: "0", ...environment },
      "/nowhere"
    ),
    (settings) => {
      if (settings === undefined) throw new Error("MLFLOW_TRACKING_URI is missing")
      return settings
    }
  )
