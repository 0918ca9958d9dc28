/** What the server or the store refuses is told and left out: one odd value must not keep back the rest. */
import { Effect } from "effect"
import type { StoreFault } from "../../artifact/store-error.ts"
import type { ContentError } from "../content/index.ts"
import type { MlflowError, MlflowLimited } from "../mlflow/client.ts"

export type Refusal =
  | Extract<MlflowError, { _tag: "MlflowInvalid" | "MlflowUnsupported" | "MlflowLimited" }>
  | ContentError

const refusals: ReadonlySet<string> = new Set<Refusal["_tag"]>([
  "MlflowInvalid",
  "MlflowUnsupported",
  "CodecError",
  "BlobMissing",
  "BlobCorrupt",
  "StoreFault",
  "StoreVersionMismatch"
])

/** A proxy takes no file of this size: the next one may be smaller. */
const isTooLarge = (error: MlflowError | ContentError): error is MlflowLimited =>
  error._tag === "MlflowLimited" && error.status === 413

const isRefusal = (error: MlflowError | ContentError): error is Refusal =>
  refusals.has(error._tag) || isTooLarge(error)

/** Whether another try may succeed: a server can be set up otherwise, and a disk mended. */
export const mayPass = (
  error: Refusal
): error is Extract<Refusal, { _tag: "MlflowUnsupported" }> | MlflowLimited | StoreFault =>
  error._tag === "MlflowUnsupported" || error._tag === "StoreFault" || isTooLarge(error)

/** Succeeds with the refusal, or with nothing. */
export const refusalOf = <R>(
  effect: Effect.Effect<unknown, MlflowError | ContentError, R>
): Effect.Effect<Refusal | undefined, MlflowError, R> =>
  effect.pipe(
    Effect.as(undefined),
    Effect.catch((error) => (isRefusal(error) ? Effect.succeed(error) : Effect.fail(error)))
  )

/** @param confirm is asked first, and fails where there is a better explanation, such as a run that was deleted */
export const toleratingRefusal = <R, R2>(
  effect: Effect.Effect<ReadonlyArray<string>, MlflowError, R>,
  confirm: Effect.Effect<void, MlflowError, R2>
): Effect.Effect<ReadonlyArray<string>, MlflowError, R | R2> =>
  Effect.catchTags(effect, {
    MlflowInvalid: (error) => Effect.as(confirm, [error.message]),
    MlflowUnsupported: (error) => Effect.as(confirm, [error.message])
  })
