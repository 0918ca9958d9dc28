/** The place on the server: the experiment, and the runs that are there already. */
import { Effect } from "effect"
import { Mlflow, MlflowDeleted, type MlflowError } from "../mlflow/client.ts"
import type { MlflowSettings } from "../mlflow/settings.ts"
import { type RunKey, runKeyOf } from "./operation.ts"

export interface KnownRun {
  readonly id: string
  readonly name: string
  readonly artifactUri: string
  /** It is in the trash. */
  readonly isDeleted: boolean
}

export interface Target {
  readonly experiment: string
  /** For example `3.17.2`. */
  readonly serverVersion: string
  /** The pipeline run's own. */
  readonly root: RunKey
  readonly runs: Map<RunKey, KnownRun>
}

/** The tag that names a run for good. */
export const runKeyTag = "advpipe.run_key"

/** How the experiment is asked for: what the settings say, else by the pipeline's name. */
export const wantedExperiment = ({ experiment }: MlflowSettings, pipeline: string): string =>
  experiment.id === undefined ? (experiment.name ?? pipeline) : `#${experiment.id}`

/**
 * Finds the experiment, or makes it, and looks once for everything that this run or an earlier process of it has there, also
 * in the trash. So nothing is created twice, however the last process ended and whatever became of its cursor.
 *
 * Where the pipeline run itself is in the trash, somebody wants nothing more of it: that is an error, with the cure.
 *
 * @param first the first of the runs that take each other up
 */
export const findTarget = Effect.fnUntraced(function* (
  settings: MlflowSettings,
  pipeline: string,
  first: string
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
    most: Number.POSITIVE_INFINITY,
    withDeleted: true
  })
  // The newest come first, so of two with one key the oldest is taken; and one in the trash only where there is no other.
  const runs = new Map(
    found
      .toSorted((a, b) => Number(b.deleted) - Number(a.deleted))
      .flatMap((run) => {
        const key = run.tags[runKeyTag]
        const known = {
          id: run.id,
          name: run.name,
          artifactUri: run.artifactUri,
          isDeleted: run.deleted
        }
        return key === undefined ? [] : [[key, known] as const]
      })
  )
  const root = runKeyOf(first)
  const top = runs.get(root)
  if (top?.isDeleted === true) return yield* deleted(mlflow.address, top.id)
  return { experiment: experiment.id, serverVersion: version, root, runs }
})

/** Fails for a run in the trash. */
export const refuseDeleted = Effect.fnUntraced(function* (id: string) {
  const mlflow = yield* Mlflow
  const found = yield* mlflow.run(id).pipe(Effect.catchTag("MlflowNotFound", () => Effect.succeed(undefined)))
  if (found?.deleted === true) return yield* deleted(mlflow.address, id)
})

const deleted = (server: string, id: string) =>
  new MlflowDeleted({ server, action: "log to a run", what: "run", id })
