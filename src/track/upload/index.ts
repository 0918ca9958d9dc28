/** Sends runs to an MLflow server, from their journals. */
import { Effect, type Layer } from "effect"
import { parseRegistrations } from "../content/registration.ts"
import { Mlflow } from "../mlflow/client.ts"
import { type Environment, mlflowSettings } from "../mlflow/settings.ts"
import type { UploadOptions } from "./upload.ts"

export { type Cursor, newCursor, type Problem, readCursor } from "./cursor.ts"
export { urlOf } from "./link.ts"
export { type Outstanding, outstandingFrom } from "./outstanding.ts"
export { decodeReport, encodeReport, Report } from "./report.ts"
export { wantedExperiment } from "./target.ts"
export { comparisons, cursorsOfRun, type TrackedRun, trackedRuns } from "./tracked.ts"
export { type UploadError, type Uploaded, type UploadOptions, uploadLeaseKey, uploadRun } from "./upload.ts"

/** Where runs are sent to, as the environment says it; nothing where no server is named. */
export const uploadTo = Effect.fnUntraced(function* (environment: Environment) {
  const settings = yield* mlflowSettings(environment)
  if (settings === undefined) return undefined
  const registrations = yield* parseRegistrations(environment["PIPELINE_MLFLOW_REGISTER"] ?? "")
  return {
    ...({ settings, registrations } satisfies Partial<UploadOptions>),
    // Its patience would keep what goes wrong from whoever could do something about it.
    client: Mlflow.layer({
      ...settings,
      retry: { ...settings.retry, ...quickly }
    }) satisfies Layer.Layer<Mlflow>
  }
})

/** The journal waits for a server that is away as long as it takes; a call is repeated for a second only. */
const quickly = { times: 2, factor: 0.25, jitter: 0.1 }
