/**
 * A client of MLflow's tracking server and model registry.
 *
 * Everything that can be repeated is repeated on transient failures, with growing delays; what would be doubled by that
 * is looked for first. So each call below may be made again after a failure or a crash, and the server's state is that of
 * one call. What the server would change or refuse silently is changed here and told (`Adjustment`).
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type {
  ArtifactEntry,
  Experiment,
  LoggedModel,
  MetricPoint,
  ModelVersion,
  Run,
  ServerInfo
} from "./answers.ts"
import { makeArtifacts } from "./artifacts.ts"
import type { MlflowError } from "./errors.ts"
import { makeExperiments } from "./experiments.ts"
import { makeLoggedModels } from "./logged-models.ts"
import { makeLogging } from "./logging.ts"
import { makeRegistry } from "./registry.ts"
import type {
  Adjustment,
  Entries,
  LoggedDataset,
  LoggedOutput,
  NewLoggedModel,
  NewModelVersion,
  NewRegisteredModel,
  NewRun,
  Once,
  RunChange,
  RunSearch,
  Texts,
  Upload
} from "./requests.ts"
import { makeRuns } from "./runs.ts"
import { makeServer } from "./server.ts"
import type { MlflowSettings } from "./settings.ts"
import { makeTransport } from "./transport.ts"

export type * from "./answers.ts"
export * from "./errors.ts"
export type * from "./requests.ts"
export type { MlflowSettings } from "./settings.ts"

export interface MlflowShape {
  /** The server's address, without credentials. */
  readonly address: string
  /** Asks what the server is. Fails if it is no MLflow server, too old, or lacks what the settings want. */
  readonly server: Effect.Effect<ServerInfo, MlflowError>

  /** Finds an experiment by its name, or makes it. One that was deleted is an error: `MlflowDeleted`. */
  experimentNamed(name: string, tags?: Texts): Effect.Effect<Experiment, MlflowError>
  /** Finds an experiment by its number. One that was deleted is an error: `MlflowDeleted`. */
  experimentById(id: string): Effect.Effect<Experiment, MlflowError>
  /** Adds to an experiment's tags. */
  tagExperiment(id: string, tags: Texts): Effect.Effect<void, MlflowError>

  createRun(run: NewRun): Effect.Effect<Run, MlflowError>
  /** A run with its latest metrics; also one that was deleted (`deleted`). */
  run(id: string): Effect.Effect<Run, MlflowError>
  updateRun(id: string, change: RunChange): Effect.Effect<void, MlflowError>
  /** Takes a run out of the trash, with all that it had. One that is not there stays as it is. */
  restoreRun(id: string): Effect.Effect<void, MlflowError>
  /** Runs, newest first unless `orderBy` says otherwise. */
  searchRuns(search: RunSearch): Effect.Effect<ReadonlyArray<Run>, MlflowError>
  /** Active runs that have a tag with a value, newest first. */
  runsTagged(experimentIds: ReadonlyArray<string>, once: Once): Effect.Effect<ReadonlyArray<Run>, MlflowError>

  /**
   * Logs params, tags and metrics, in as many requests as the server's limits take; metrics keep their order. Logging
   * the same again changes nothing. A param that has another value already fails as `MlflowInvalid`.
   *
   * @returns what had to be changed to be taken: keys, long values, steps
   */
  log(runId: string, entries: Entries): Effect.Effect<ReadonlyArray<Adjustment>, MlflowError>
  /** The points of one metric, in order of time, step, value. */
  metricHistory(runId: string, key: string): Effect.Effect<ReadonlyArray<MetricPoint>, MlflowError>

  logInputs(runId: string, datasets: ReadonlyArray<LoggedDataset>): Effect.Effect<void, MlflowError>
  /** Says that a run made models. */
  logOutputs(runId: string, models: ReadonlyArray<LoggedOutput>): Effect.Effect<void, MlflowError>

  /**
   * Uploads files below an artifact root (`Run.artifactUri`, `LoggedModel.artifactUri`), replacing what has the same
   * path, and checks their sizes there afterwards.
   */
  upload<E>(artifactUri: string, files: ReadonlyArray<Upload<E>>): Effect.Effect<void, MlflowError | E>
  /** What lies directly in a directory of a run's artifacts; nothing where there is no such directory. */
  artifacts(runId: string, directory?: string): Effect.Effect<ReadonlyArray<ArtifactEntry>, MlflowError>

  /** Creates a logged model, pending: upload its files to its `artifactUri`, then finalise it. */
  createLoggedModel(model: NewLoggedModel): Effect.Effect<LoggedModel, MlflowError>
  loggedModel(id: string): Effect.Effect<LoggedModel, MlflowError>
  /** The logged model of an experiment that has a tag with a value, if there is one. */
  loggedModelTagged(experimentId: string, once: Once): Effect.Effect<LoggedModel | undefined, MlflowError>
  finaliseLoggedModel(id: string, status: "ready" | "failed"): Effect.Effect<LoggedModel, MlflowError>
  tagLoggedModel(id: string, tags: Texts): Effect.Effect<void, MlflowError>

  /** Registers a model's name, unless it is registered. Names: without `/` and `:`. */
  registerModel(model: NewRegisteredModel): Effect.Effect<void, MlflowError>
  createModelVersion(version: NewModelVersion): Effect.Effect<ModelVersion, MlflowError>
  tagModelVersion(name: string, version: string, tags: Texts): Effect.Effect<void, MlflowError>
  /** Points an alias at a version. `latest` and `v1` are reserved. */
  setAlias(name: string, alias: string, version: string): Effect.Effect<void, MlflowError>
  /** The version that an alias points at; nothing where there is no such alias. */
  versionByAlias(name: string, alias: string): Effect.Effect<ModelVersion | undefined, MlflowError>
}

/** MLflow's tracking server. */
export class Mlflow extends Context.Service<Mlflow, MlflowShape>()("pipeline/track/mlflow/Mlflow") {
  /** Connects when it is first asked something. */
  static readonly layer = (settings: MlflowSettings): Layer.Layer<Mlflow> =>
    Layer.effect(Mlflow, makeMlflow(settings))
}

/** The client as a value, for who needs several; its connections close with the scope. */
export const makeMlflow = (settings: MlflowSettings): Effect.Effect<MlflowShape, never, Scope.Scope> =>
  Effect.gen(function* () {
    const transport = yield* makeTransport(settings)
    return {
      address: transport.address,
      server: makeServer(transport, settings),
      ...makeExperiments(transport),
      ...makeRuns(transport),
      ...makeLogging(transport),
      ...(yield* makeArtifacts(transport, settings)),
      ...makeLoggedModels(transport),
      ...makeRegistry(transport)
    }
  })
