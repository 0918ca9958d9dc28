/**
 * What the server says, as schemas of its JSON and as the values that the client gives back.
 *
 * MLflow leaves out what is empty or zero, so almost everything is optional on the wire. 64-bit integers come as plain
 * numbers. Unknown keys are ignored: newer servers say more.
 */
import { Effect, Schema } from "effect"

const text = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
const number = Schema.Finite.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
const listOf = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).pipe(Schema.withDecodingDefaultKey(Effect.succeed([])))

const Pairs = listOf(Schema.Struct({ key: Schema.String, value: text }))

/** `page` is the token of the next page; empty on the last. */
const page = { next_page_token: text }

export const WireMetric = Schema.Struct({
  key: Schema.String,
  value: Schema.Union([Schema.Number, Schema.Literals(["NaN", "Infinity", "-Infinity"])]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(0))
  ),
  timestamp: number,
  step: number
})

export const WireExperiment = Schema.Struct({
  experiment_id: Schema.String,
  name: text,
  lifecycle_stage: text,
  artifact_location: text,
  tags: Pairs
})

export const RunStatus = Schema.Literals(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
export type RunStatus = typeof RunStatus.Type

export const WireRun = Schema.Struct({
  info: Schema.Struct({
    run_id: Schema.String,
    run_name: text,
    experiment_id: text,
    status: RunStatus.pipe(Schema.withDecodingDefaultKey(Effect.succeed("RUNNING" as const))),
    start_time: number,
    end_time: Schema.optionalKey(Schema.Finite),
    artifact_uri: text,
    lifecycle_stage: text
  }),
  data: Schema.Struct({ metrics: listOf(WireMetric), params: Pairs, tags: Pairs }).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({}))
  )
})

export const WireLoggedModel = Schema.Struct({
  info: Schema.Struct({
    model_id: Schema.String,
    experiment_id: text,
    name: text,
    artifact_uri: text,
    status: Schema.Union([Schema.String, Schema.Int]).pipe(Schema.withDecodingDefaultKey(Effect.succeed(""))),
    creation_timestamp_ms: number,
    tags: Pairs
  }),
  data: Schema.Struct({ params: Pairs }).pipe(Schema.withDecodingDefaultKey(Effect.succeed({})))
})

export const WireModelVersion = Schema.Struct({
  name: Schema.String,
  version: Schema.Union([Schema.String, Schema.Int]),
  status: text,
  source: text,
  run_id: text,
  model_id: text,
  creation_timestamp: number,
  tags: Pairs
})

export const Answers = {
  nothing: Schema.Struct({}),
  experimentId: Schema.Struct({ experiment_id: Schema.String }),
  experiment: Schema.Struct({ experiment: WireExperiment }),
  run: Schema.Struct({ run: WireRun }),
  runs: Schema.Struct({ runs: listOf(WireRun), ...page }),
  metrics: Schema.Struct({ metrics: listOf(WireMetric), ...page }),
  artifacts: Schema.Struct({
    files: listOf(
      Schema.Struct({
        path: Schema.String,
        is_dir: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
        file_size: number
      })
    ),
    ...page
  }),
  loggedModel: Schema.Struct({ model: WireLoggedModel }),
  loggedModels: Schema.Struct({ models: listOf(WireLoggedModel), ...page }),
  modelVersion: Schema.Struct({ model_version: WireModelVersion }),
  modelVersions: Schema.Struct({ model_versions: listOf(WireModelVersion), ...page }),
  serverInfo: Schema.Struct({
    store_type: text,
    workspaces_enabled: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
    multipart_uploads_enabled: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
  }),
  multipart: Schema.Struct({
    upload_id: text,
    credentials: listOf(
      Schema.Struct({
        url: Schema.String,
        part_number: Schema.Int,
        headers: Schema.Record(Schema.String, Schema.String).pipe(
          Schema.withDecodingDefaultKey(Effect.succeed({}))
        )
      })
    )
  }),
  /** `detail` is how the routes for files say it. */
  error: Schema.Struct({ error_code: text, message: text, detail: text })
}

export interface ServerInfo {
  /** For example `3.18.0`. */
  readonly version: string
  /** What the server keeps runs in, such as `SqlStore`; empty where it does not say. */
  readonly store: string
  readonly workspaces: boolean
}

export interface Experiment {
  readonly id: string
  readonly name: string
  readonly tags: { readonly [key: string]: string }
}

export interface MetricPoint {
  readonly key: string
  readonly value: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly step: number
}

export interface Run {
  readonly id: string
  readonly name: string
  readonly experimentId: string
  readonly status: RunStatus
  /** Milliseconds since 1970. */
  readonly startTime: number
  readonly endTime: number | undefined
  readonly artifactUri: string
  readonly deleted: boolean
  /** The latest point of each metric. */
  readonly metrics: ReadonlyArray<MetricPoint>
  readonly params: { readonly [key: string]: string }
  readonly tags: { readonly [key: string]: string }
}

export interface ArtifactEntry {
  /** Below the artifact root. */
  readonly path: string
  readonly isDirectory: boolean
  readonly size: number
}

export interface LoggedModel {
  readonly id: string
  readonly experimentId: string
  readonly name: string
  readonly artifactUri: string
  readonly status: "pending" | "ready" | "failed"
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly tags: { readonly [key: string]: string }
  readonly params: { readonly [key: string]: string }
}

export interface ModelVersion {
  readonly name: string
  /** A number, as text. */
  readonly version: string
  readonly source: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly tags: { readonly [key: string]: string }
}

export const textsOf = (pairs: typeof Pairs.Type): { readonly [key: string]: string } =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]))

export const metricOf = ({ key, value, timestamp, step }: typeof WireMetric.Type): MetricPoint => ({
  key,
  value: Number(value),
  timestamp,
  step
})

export const experimentOf = (wire: typeof WireExperiment.Type): Experiment => ({
  id: wire.experiment_id,
  name: wire.name,
  tags: textsOf(wire.tags)
})

export const runOf = ({ info, data }: typeof WireRun.Type): Run => ({
  id: info.run_id,
  name: info.run_name,
  experimentId: info.experiment_id,
  status: info.status,
  startTime: info.start_time,
  endTime: info.end_time,
  artifactUri: info.artifact_uri,
  deleted: info.lifecycle_stage === "deleted",
  metrics: data.metrics.map(metricOf),
  params: textsOf(data.params),
  tags: textsOf(data.tags)
})

export const loggedModelOf = ({ info, data }: typeof WireLoggedModel.Type): LoggedModel => ({
  id: info.model_id,
  experimentId: info.experiment_id,
  name: info.name,
  artifactUri: info.artifact_uri,
  status: statusOf(info.status),
  createdAt: info.creation_timestamp_ms,
  tags: textsOf(info.tags),
  params: textsOf(data.params)
})

/** The numbers of MLflow's enumeration are what some versions send. */
const statusOf = (status: string | number): LoggedModel["status"] => {
  if (status === "LOGGED_MODEL_READY" || status === 2) return "ready"
  return status === "LOGGED_MODEL_UPLOAD_FAILED" || status === 3 ? "failed" : "pending"
}

export const modelVersionOf = (wire: typeof WireModelVersion.Type): ModelVersion => ({
  name: wire.name,
  version: String(wire.version),
  source: wire.source,
  createdAt: wire.creation_timestamp,
  tags: textsOf(wire.tags)
})
