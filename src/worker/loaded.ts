/** Loads a bundle and makes sure that what it exports is what it should be: code comes in as `unknown`. */
import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect, Schema } from "effect"
import { withoutSourceMap } from "../artifact/code-file.ts"
import { digestOf } from "../artifact/digest.ts"
import type { Kind } from "../artifact/kind.ts"
import { onDiskAsync } from "../artifact/store-fault.ts"
import type { StageMeta, StageServices } from "../stage/index.ts"
import type { CodeRef } from "./protocol.ts"
import { resolvePackages } from "./resolve-packages.ts"

/** A stage as a worker can use it: its types were checked where it was written. */
export interface LoadedStage {
  readonly meta: StageMeta & { readonly output: Kind<string, unknown> }
  readonly execute: (
    inputs: { readonly [input: string]: unknown },
    params: unknown
  ) => Effect.Effect<unknown, { readonly _tag: string; readonly message: string }, StageServices>
}

export interface LoadedPipeline {
  readonly name: string
  readonly description: string
  readonly params: Schema.Codec<unknown, unknown>
  readonly presets: { readonly [preset: string]: unknown }
  readonly defaultPreset: string
  readonly build: (params: unknown) => unknown
  readonly remarks?: (params: unknown) => unknown
}

/** A module that could not be loaded, or that exports something else than it should. */
export class BadModule extends Schema.TaggedError<BadModule>()("BadModule", {
  what: Schema.String,
  reason: Schema.String,
  hint: Schema.String,
  /** The stack of what user code threw. */
  trace: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return `${this.what}: ${this.reason}`
  }
}

let loads = 0

/** Fails unless a bundle's text has the digest that its file is named by: what runs is what is in the key. */
const verifyCode = Effect.fnUntraced(function* (path: string, what: string) {
  const text = yield* onDiskAsync("read", path, () => readFile(path, "utf8"))
  if (digestOf(withoutSourceMap(text)) === basename(path, ".mjs")) return
  return yield* new BadModule({
    what,
    reason: `${path} was changed`,
    hint: "run the same command again: it makes the file anew"
  })
})

/**
 * The exports of a bundle. A module that throws while it is loaded becomes a `BadModule` with the place in the source, a disk
 * that refuses to read it a `StoreFault`.
 */
export const loadModule = Effect.fnUntraced(function* (code: CodeRef, what: string) {
  yield* verifyCode(code.path, what)
  // A module that was loaded before would still have the state that an earlier job left in it.
  const url = `${pathToFileURL(code.path).href}?job=${loads++}`
  return yield* Effect.tryPromise({
    try: async (): Promise<{ readonly [name: string]: unknown }> => {
      resolvePackages(url, code.imports)
      return import(url)
    },
    catch: (cause) => thrown(what, cause, "the file throws while it is loaded; correct it and try again")
  })
})

/** Something that user code threw, with its stack mapped to the source. */
export const thrown = (what: string, cause: unknown, hint: string): BadModule =>
  cause instanceof Error
    ? new BadModule({
        what,
        reason: cause.message,
        hint,
        ...(cause.stack === undefined ? {} : { trace: cause.stack })
      })
    : new BadModule({ what, reason: String(cause), hint })

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  (typeof value === "object" && value !== null) || typeof value === "function"

export const isStage = (value: unknown): value is LoadedStage =>
  isRecord(value) &&
  typeof value["execute"] === "function" &&
  isRecord(value["meta"]) &&
  typeof value["meta"]["name"] === "string" &&
  isRecord(value["meta"]["output"])

export const isPipeline = (value: unknown): value is LoadedPipeline =>
  isRecord(value) &&
  typeof value["name"] === "string" &&
  typeof value["build"] === "function" &&
  isRecord(value["presets"]) &&
  Schema.isSchema(value["params"])
