/** Reads runs out of the store as the views want them. */
import { Effect } from "effect"
import { Leases } from "../artifact/leases.ts"
import { RunStore, runLeaseKey } from "../track/run-store.ts"
import { foldRun } from "../track/run-view.ts"

/** One run by reference: `last`, `last~1`, an identifier or the beginning of one. */
export const loadRun = Effect.fnUntraced(function* (reference: string) {
  const runs = yield* RunStore
  return yield* viewOf(yield* runs.find(reference), "everything")
})

/** Every run, oldest first. */
export const loadRuns = Effect.gen(function* () {
  const runs = yield* RunStore
  return yield* Effect.forEach(yield* runs.ids, (id) => viewOf(id, "decisions"))
})

const viewOf = Effect.fnUntraced(function* (id: string, only: "everything" | "decisions") {
  const runs = yield* RunStore
  const leases = yield* Leases
  const { plan, events } = yield* runs.read(id, only)
  const ended = events.some(({ _tag }) => _tag === "RunFinished")
  // A journal without an end belongs to a run that goes on, or to one that was killed.
  const alive = !ended && (yield* leases.holder(runLeaseKey(id))) !== undefined
  return foldRun(events, plan?.nodes ?? [], { alive })
})
