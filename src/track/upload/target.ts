/** The place on the server: the experiment, and the runs that are there already. */
import { Effect } from "effect"
import { Mlflow, MlflowDeleted, type MlflowError } from "../mlflow/client.ts"
import type { MlflowSettings } from "../mlflow/settings.ts"
import { type RunKey, runKeyOf } from "./operation.ts"

export interface KnownRun {
  readonly id: string
  readonly artifactUri: string
}

export interface Target {
  readonly experiment: string
  /** For example `3.17.2`. */
  readonly serverVersion: string
  readonly runs: Map<RunKey, KnownRun>
}

/** The tag that names a run for good. */
export const runKeyTag = "advpipe.run_key"

/** How the experiment is asked for: what the settings say, else by the pipeline's name. */
export const wantedExperiment = ({ experiment }: MlflowSettings, pipeline: string): string =>
  experiment.id === undefined ? (experiment.name ?? pipeline) : `#${experiment.id}`

/**
 * Finds the experiment, or makes it, and looks once for everything that this run or an earlier process of it has there. So
 * nothing is created twice, however the last process ended and whatever became of its cursor.
 *
 * @param first the first of the runs that take each other up
 * @param remembered the run's identifier as the cursor has it: one that is in the trash is an error, with the cure
 */
export const findTarget = Effect.fnUntraced(function* (
  settings: MlflowSettings,
  pipeline: string,
  first: string,
  remembered: string | undefined
): Effect.fn.Return<Target, MlflowError, Mlflow> {
  const mlflow = yield* Mlflow
  const { version } = yield* mlflow.server
  const { id, name = pipeline } = settings.experiment
  const experiment = yield* id === undefined
    ? mlflow.experimentNamed(name, { "mlflow.experimentKind": "custom_model_development" })
    : mlflow.experimentById(id)
  const found = yield* mlflow.searchRuns({
    experimentIds: [experiment.id],
    filter: `tags."advpipe.first_run" = '${first}'`,
    most: Number.POSITIVE_INFINITY
  })
  // The newest come first, so of two with one key the oldest is taken.
  const runs = new Map(
    found.flatMap((run) => {
      const key = run.tags[runKeyTag]
      return key === undefined ? [] : [[key, { id: run.id, artifactUri: run.artifactUri }] as const]
    })
  )
  if (remembered !== undefined && !runs.has(runKeyOf(first))) yield* refuseDeleted(remembered)
  return { experiment: experiment.id, serverVersion: version, runs }
})

/** Fails for a run in the trash: it is not made anew behind somebody's back. One that is gone altogether is. */
export const refuseDeleted = Effect.fnUntraced(function* (id: string) {
  const mlflow = yield* Mlflow
  const found = yield* mlflow.run(id).pipe(Effect.catchTag("MlflowNotFound", () => Effect.succeed(undefined)))
  if (found?.deleted !== true) return
  return yield* new MlflowDeleted({
    server: mlflow.address,
    action: "log to a run",
    what: "run",
    id
  })
})
