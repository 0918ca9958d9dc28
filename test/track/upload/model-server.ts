/**
 * An MLflow server in memory, as far as runs, models and versions go: it keeps what the real one keeps, doubles what the real one doubles, and
 * refuses what the real one refuses. Calls can fail before or after they did their work, or take the caller's process along.
 */
import { createHash } from "node:crypto"
import { Effect, Stream } from "effect"
import {
  type LoggedModel,
  MlflowDeleted,
  type MlflowError,
  MlflowInvalid,
  MlflowNotFound,
  type MlflowShape,
  MlflowUnreachable,
  type ModelVersion,
  type Once,
  type Run,
  type RunStatus
} from "../../../src/track/mlflow/client.ts"

/** What happens to a call: its request or its answer is lost, or the process that makes it is killed. */
export type Fault = "request lost" | "answer lost" | "killed before" | "killed after"

/** The process that made the call is no more. */
export class Killed extends Error {}

export interface ModelRun {
  readonly id: string
  readonly name: string
  readonly experiment: string
  readonly startTime: number
  status: RunStatus
  endTime: number | undefined
  deleted: boolean
  readonly params: Map<string, string>
  readonly tags: Map<string, string>
  /** `key timestamp step value` of each point. */
  readonly points: Set<string>
  /** Digests of files by path. */
  readonly files: Map<string, string>
  readonly inputs: Set<string>
}

export interface ModelOfServer {
  readonly id: string
  readonly name: string
  readonly experiment: string
  readonly runId: string
  status: LoggedModel["status"]
  readonly tags: { readonly [key: string]: string }
  readonly files: Map<string, string>
}

export interface VersionOfServer {
  readonly name: string
  readonly version: string
  readonly modelId: string
  readonly runId: string
  readonly createdAt: number
  tags: { readonly [key: string]: string }
}

const server = "http://model"
const place = (action: string) => ({ server, action })

export class ModelServer {
  runs: Array<ModelRun> = []
  experiments: Array<{ readonly id: string; readonly name: string; deleted: boolean }> = []
  models: Array<ModelOfServer> = []
  versions: Array<VersionOfServer> = []
  /** Versions by `model@alias`. */
  readonly aliases = new Map<string, string>()
  calls = 0
  /** Why the server does not take a file; a path is the last argument. */
  refuses: (path: string) => MlflowError | undefined = () => undefined
  /** What is said of a version's age. */
  now = 0

  /** A client whose calls fail as `faultOf` says; they are numbered from 0 over all clients. */
  client(faultOf: (call: number) => Fault | undefined = () => undefined): MlflowShape {
    const act = <A>(
      action: string,
      work: () => Effect.Effect<A, MlflowError>
    ): Effect.Effect<A, MlflowError> =>
      Effect.suspend(() => {
        const fault = faultOf(this.calls++)
        if (fault === "killed before") return Effect.die(new Killed())
        if (fault === "request lost") return unreachable(action, false)
        return Effect.flatMap(work(), (value) => {
          if (fault === "killed after") return Effect.die(new Killed())
          return fault === "answer lost" ? unreachable(action, true) : Effect.succeed(value)
        })
      })
    const later = () => Effect.die(new Error("the model has no such call"))
    return {
      address: server,
      server: act("ask", () => Effect.succeed({ version: "3.17.2", store: "model", workspaces: false })),
      experimentNamed: (name) => act("use an experiment", () => this.#experiment(name)),
      experimentById: later,
      tagExperiment: later,
      createRun: ({ experimentId, name, startTime, tags = {}, once, mayExist = false }) =>
        act("create a run", () => {
          const found = this.#find(`${once.tag}`, once.value)[0]
          if (mayExist && found !== undefined) return Effect.succeed(runOf(found))
          const run: ModelRun = {
            id: `run${this.runs.length}`,
            name,
            experiment: experimentId,
            startTime,
            status: "RUNNING",
            endTime: undefined,
            deleted: false,
            params: new Map(),
            tags: new Map(Object.entries({ ...tags, [once.tag]: once.value })),
            points: new Set(),
            files: new Map(),
            inputs: new Set()
          }
          this.runs.unshift(run)
          return Effect.succeed(runOf(run))
        }),
      run: (id) => act("read a run", () => Effect.map(this.#run(id), runOf)),
      updateRun: (id, { status, endTime }) =>
        act("update a run", () =>
          Effect.map(this.#active(id), (run) => {
            if (status !== undefined) run.status = status
            // 0 is no time: nothing is shown of it.
            if (endTime !== undefined) run.endTime = endTime === 0 ? undefined : endTime
          })
        ),
      restoreRun: (id) =>
        act("restore a run", () =>
          Effect.map(this.#run(id), (run) => {
            run.deleted = false
          })
        ),
      searchRuns: ({ filter = "", most, withDeleted = false }) =>
        act("search runs", () => Effect.succeed(this.#search(filter, withDeleted).map(runOf).slice(0, most))),
      runsTagged: later,
      log: (id, { metrics = [], params = {}, tags = {} }) =>
        act("log", () =>
          Effect.flatMap(this.#active(id), (run) => {
            for (const [key, value] of Object.entries(params)) {
              if ((run.params.get(key) ?? value) !== value) return invalid(`param ${key} has another value`)
              run.params.set(key, value)
            }
            for (const { key, timestamp, step, value } of metrics)
              run.points.add(`${key} ${timestamp} ${step} ${value}`)
            for (const [key, value] of Object.entries(tags)) run.tags.set(key, value)
            return Effect.succeed([])
          })
        ),
      metricHistory: later,
      logInputs: (id, datasets) =>
        act("log inputs", () =>
          Effect.map(this.#active(id), (run) => {
            for (const { digest } of datasets) run.inputs.add(digest)
          })
        ),
      logOutputs: (id) => act("log outputs", () => Effect.asVoid(this.#active(id))),
      upload: (artifactUri, files) =>
        Effect.forEach(
          files,
          ({ path, content }) =>
            Effect.flatMap(
              content._tag === "Bytes"
                ? content.bytes
                : Effect.map(Stream.runCollect(content.stream), Buffer.concat),
              (bytes) =>
                act("upload", () => {
                  const refusal = this.refuses(path)
                  if (refusal !== undefined) return Effect.fail(refusal)
                  const model = this.models.find(({ id }) => id === artifactUri)
                  const place: Effect.Effect<Pick<ModelRun, "files">, MlflowError> = model === undefined
                    ? this.#run(artifactUri)
                    : Effect.succeed(model)
                  return Effect.map(place, ({ files }) =>
                    files.set(path, createHash("sha256").update(bytes).digest("hex"))
                  )
                })
            ),
          { discard: true }
        ),
      artifacts: later,
      createLoggedModel: ({ experimentId, name, sourceRunId, tags = {}, once, mayExist = false }) =>
        act("create a model", () => {
          const found = this.#tagged(this.models, once)
          if (mayExist && found !== undefined) return Effect.succeed(modelOf(found))
          const model: ModelOfServer = {
            id: `m-${this.models.length}`,
            name,
            experiment: experimentId,
            runId: sourceRunId,
            status: "pending",
            tags: { ...tags, [once.tag]: once.value },
            files: new Map()
          }
          this.models.push(model)
          return Effect.succeed(modelOf(model))
        }),
      loggedModel: later,
      loggedModelTagged: (_, once) =>
        act("search models", () => {
          const found = this.#tagged(this.models, once)
          return Effect.succeed(found === undefined ? undefined : modelOf(found))
        }),
      finaliseLoggedModel: (id, status) =>
        act("finalise a model", () =>
          Effect.sync(() => {
            const model = this.models.find((each) => each.id === id)
            if (model === undefined) throw new Error(`no model ${id}`)
            model.status = status
            return modelOf(model)
          })
        ),
      tagLoggedModel: later,
      registerModel: () => act("register", () => Effect.void),
      createModelVersion: ({ name, runId = "", modelId = "", tags = {}, once, mayExist = false }) =>
        act("create a version", () => {
          const versions = this.versions.filter((each) => each.name === name)
          const found = this.#tagged(versions, once)
          if (mayExist && found !== undefined) return Effect.succeed(versionOf(found))
          const version: VersionOfServer = {
            name,
            version: String(versions.length + 1),
            modelId,
            runId,
            createdAt: this.now,
            tags: { ...tags, [once.tag]: once.value }
          }
          this.versions.push(version)
          return Effect.succeed(versionOf(version))
        }),
      tagModelVersion: (name, version, tags) =>
        act("tag a version", () =>
          Effect.sync(() => {
            const found = this.#version(name, version)
            if (found !== undefined) found.tags = { ...found.tags, ...tags }
          })
        ),
      setAlias: (name, alias, version) =>
        act("set an alias", () => Effect.sync(() => void this.aliases.set(`${name}@${alias}`, version))),
      versionByAlias: (name, alias) =>
        act("find an alias", () => {
          const found = this.#version(name, this.aliases.get(`${name}@${alias}`))
          return Effect.succeed(found === undefined ? undefined : versionOf(found))
        })
    }
  }

  #version(name: string, version: string | undefined): VersionOfServer | undefined {
    return this.versions.find((each) => each.name === name && each.version === version)
  }

  #tagged<A extends { readonly tags: { readonly [key: string]: string } }>(
    all: ReadonlyArray<A>,
    { tag, value }: Once
  ): A | undefined {
    return all.find(({ tags }) => tags[tag] === value)
  }

  #experiment(name: string) {
    const found = this.experiments.find((each) => each.name === name)
    const experiment = found ?? { id: String(this.experiments.length + 1), name, deleted: false }
    if (found === undefined) this.experiments.push(experiment)
    return experiment.deleted
      ? new MlflowDeleted({ ...place("use an experiment"), what: "experiment", id: experiment.id })
      : Effect.succeed({ ...experiment, tags: {} })
  }

  #run(id: string): Effect.Effect<ModelRun, MlflowError> {
    const run = this.runs.find((each) => each.id === id)
    return run === undefined
      ? new MlflowNotFound({ ...place("read a run"), reason: `no run ${id}` })
      : Effect.succeed(run)
  }

  #active(id: string): Effect.Effect<ModelRun, MlflowError> {
    return Effect.flatMap(this.#run(id), (run) =>
      run.deleted ? new MlflowDeleted({ ...place("log"), what: "run", id: run.id }) : Effect.succeed(run)
    )
  }

  #find(tag: string, value: string): ReadonlyArray<ModelRun> {
    return this.runs.filter((run) => !run.deleted && run.tags.get(tag) === value)
  }

  /** The two filters that the uploader asks with: tags joined by `and`, and that the run is finished. */
  #search(filter: string, withDeleted: boolean): ReadonlyArray<ModelRun> {
    const tags = [...filter.matchAll(/tags\."([^"]+)" = '([^']*)'/g)]
    return this.runs.filter(
      (run) =>
        (withDeleted || !run.deleted) &&
        tags.every(([, tag = "", value]) => run.tags.get(tag) === value) &&
        (!filter.includes("FINISHED") || run.status === "FINISHED")
    )
  }
}

const unreachable = (action: string, mayHaveArrived: boolean) =>
  new MlflowUnreachable({ ...place(action), reason: "the connection was cut", mayHaveArrived })

const invalid = (reason: string) =>
  new MlflowInvalid({ ...place("log"), code: "INVALID_PARAMETER_VALUE", reason })

const runOf = ({
  id,
  name,
  experiment,
  startTime,
  status,
  endTime,
  deleted,
  params,
  tags
}: ModelRun): Run => ({
  id,
  name,
  experimentId: experiment,
  status,
  startTime,
  endTime,
  artifactUri: id,
  deleted,
  metrics: [],
  params: Object.fromEntries(params),
  tags: Object.fromEntries(tags)
})

const modelOf = ({ id, name, experiment, status, tags }: ModelOfServer): LoggedModel => ({
  id,
  name,
  experimentId: experiment,
  artifactUri: id,
  status,
  createdAt: 0,
  tags,
  params: {}
})

const versionOf = ({ name, version, modelId, createdAt, tags }: VersionOfServer): ModelVersion => ({
  name,
  version,
  source: modelId,
  createdAt,
  tags
})
