/** What the server or the store refuses for good is told and left out: one odd value must not keep back the rest. */
import { Effect } from "effect"
import type { ContentError } from "../content/index.ts"
import type { MlflowError } from "../mlflow/client.ts"

type Refusal = Extract<MlflowError, { _tag: "MlflowInvalid" | "MlflowUnsupported" }> | ContentError

const refusals: ReadonlySet<string> = new Set<Refusal["_tag"]>([
  "MlflowInvalid",
  "MlflowUnsupported",
  "CodecError",
  "BlobMissing",
  "BlobCorrupt",
  "StoreFault",
  "StoreVersionMismatch"
])

const isRefusal = (error: MlflowError | ContentError): error is Refusal => refusals.has(error._tag)

/** @param confirm is asked first, and fails where there is a better explanation, such as a run that was deleted */
export const toleratingRefusal = <R, R2>(
  effect: Effect.Effect<ReadonlyArray<string>, MlflowError | ContentError, R>,
  confirm: Effect.Effect<void, MlflowError, R2>
): Effect.Effect<ReadonlyArray<string>, MlflowError, R | R2> =>
  Effect.catch(effect, (error) =>
    isRefusal(error) ? Effect.as(confirm, [error.message]) : Effect.fail(error)
  )
