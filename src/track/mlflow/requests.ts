/** What the client is asked for. */
import type { Effect, Stream } from "effect"
import type { RunStatus } from "./answers.ts"

export type Texts = { readonly [key: string]: string }

/**
 * Names one thing for good, so that asking twice for it makes one: a tag that nothing else has. Where the answer to a
 * creation is lost, the client looks for the tag before it creates again.
 */
export interface Once {
  readonly tag: string
  readonly value: string
}

export interface NewRun {
  readonly experimentId: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly startTime: number
  readonly tags?: Texts
  readonly once: Once
  /** Look for `once` before the first attempt too: an earlier process may have asked. */
  readonly mayExist?: boolean
}

export interface RunChange {
  readonly status?: RunStatus
  /** Milliseconds since 1970; 0 removes it, as a run that goes on wants. */
  readonly endTime?: number
  readonly name?: string
}

export interface RunSearch {
  readonly experimentIds: ReadonlyArray<string>
  /** MLflow's filter language, for example `params.seed = '1'`. */
  readonly filter?: string
  readonly orderBy?: ReadonlyArray<string>
  /** At most so many runs; default 1000. */
  readonly most?: number
  /** Those in the trash too. */
  readonly withDeleted?: boolean
}

/** A data set that a run used. Digest: at most 36 characters. The texts `source`, `schema`, `profile` are JSON. */
export interface LoggedDataset {
  readonly name: string
  readonly digest: string
  readonly sourceType: string
  readonly source: string
  readonly schema?: string
  readonly profile?: string
  readonly tags?: Texts
}

/** A file to be, which fails with `E` where it cannot be read. It is read again for each attempt. */
export interface Upload<out E> {
  /** Below the artifact root: plain parts with `/` between them. */
  readonly path: string
  readonly contentType: string
  readonly content:
    | { readonly _tag: "Bytes"; readonly bytes: Effect.Effect<Uint8Array, E> }
    | {
        readonly _tag: "Stream"
        /** In bytes: exactly what the stream gives. */
        readonly size: number
        readonly stream: Stream.Stream<Uint8Array, E>
      }
}

export interface NewLoggedModel {
  readonly experimentId: string
  /** Without / : . % " '. */
  readonly name: string
  readonly sourceRunId: string
  readonly modelType?: string
  readonly tags?: Texts
  /** Written together with the model, because a second writing is refused. */
  readonly params?: Texts
  readonly once: Once
  readonly mayExist?: boolean
}

export interface NewModelVersion {
  readonly name: string
  /** A logged model's `models:/m-…`, or a place in a run's artifacts. */
  readonly source: string
  readonly runId?: string
  readonly modelId?: string
  readonly description?: string
  readonly tags?: Texts
  readonly once: Once
  readonly mayExist?: boolean
}

export interface NewRegisteredModel {
  readonly name: string
  readonly description?: string
  readonly tags?: Texts
}

export interface LoggedOutput {
  readonly modelId: string
  readonly step?: number
}

/** One value of one metric. NaN and infinities are taken; the server gives infinities back as ±1.797e308. */
export interface NewMetricPoint {
  readonly key: string
  readonly value: number
  /** Milliseconds since 1970. Together with key, step and value it names the point: a retry must send the same. */
  readonly timestamp: number
  readonly step: number
  /** A logged model that the value belongs to. */
  readonly modelId?: string
  /** The data set that it was measured on. */
  readonly dataset?: { readonly name: string; readonly digest: string }
}

/** What is logged together. A param never changes once it is written; a tag's last value counts. */
export interface Entries {
  readonly metrics?: ReadonlyArray<NewMetricPoint>
  readonly params?: Texts
  readonly tags?: Texts
}

/** What had to be changed so that the server would take it. */
export interface Adjustment {
  readonly what: "metric" | "param" | "tag"
  /** As it was given. */
  readonly key: string
  /** A sentence for a log. */
  readonly message: string
}
