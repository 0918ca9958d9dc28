import type { Duration, Schema } from "effect"
import type { AnyKind } from "../artifact/kind.ts"
import type { Output } from "./output.ts"

/** One use of a stage in a pipeline. Its name comes from the pipeline, later. */
export interface Node {
  readonly stage: StageMeta
  /** As the stage's schema takes them; encoded and checked when the pipeline becomes a plan. */
  readonly params: unknown
  readonly inputs: { readonly [input: string]: Wire }
}

/** What is connected to an input: one output, a list of them, or a record of them. */
export type Wire = Output<string> | ReadonlyArray<Output<string>> | { readonly [key: string]: Output<string> }

/** What a plan needs to know of a stage; its `run` is for the worker alone. */
export interface StageMeta {
  readonly name: string
  readonly inputs: { readonly [input: string]: InputSpec }
  readonly output: AnyKind
  readonly params: Schema.Codec<unknown, unknown>
  /** Encodes params for the cache key. Throws a readable error on a value that the schema rejects. */
  readonly encodeParams: (params: unknown) => unknown
  readonly options: StageOptions
}

/** How many artifacts of a kind an input takes. */
export type InputSpec = AnyKind | ListOf<AnyKind> | RecordOf<AnyKind>
export interface ListOf<K extends AnyKind> {
  readonly list: K
}
export interface RecordOf<K extends AnyKind> {
  readonly record: K
}

/**
 * What a stage asks of the schedule. None of it is part of the cache key, except what `environment`, `files` and `fileParams`
 * name.
 */
export interface StageOptions {
  /** Processor cores it keeps busy. Default 1. */
  readonly cores?: number
  /** Graphics processors it needs for itself. Default 0. */
  readonly gpu?: number
  /** Memory it needs at its peak, in MiB. Default 0: nothing is reserved. */
  readonly memory?: number
  /** How long one attempt may take, such as `"10 minutes"`. Default: no limit. */
  readonly timeout?: Duration.Input
  /** How often it is tried again after a failure. Default 0. */
  readonly retries?: number
  /** Environment variables it reads; no other one is visible to it. Their values are part of the key. */
  readonly environment?: ReadonlyArray<string>
  /** Files it reads, relative to the project. Their contents are part of the key. */
  readonly files?: ReadonlyArray<string>
  /**
   * Params that name files it reads, as dotted paths: `["weights", "network.file"]`. A relative name is relative to the project.
   * The contents are part of the key. A param that is absent or `null` names none.
   */
  readonly fileParams?: ReadonlyArray<string>
  readonly checkpoint?: {
    /**
     * Params, as dotted paths, that may have another value in a checkpoint that the stage goes on from: `["options.epochs"]`.
     * The stage itself must see which checkpoints are of use, and end with the same bytes from each of them.
     */
    readonly continues: ReadonlyArray<string>
  }
}
