/** Which earlier run a new one takes up: trackers show the two as one. */
import { Effect } from "effect"
import { Leases } from "../artifact/leases.ts"
import type { Event } from "./event.ts"
import { RunStore, runLeaseKey } from "./run-store.ts"

type RunStarted = Extract<Event, { _tag: "RunStarted" }>

/** More runs of other pipelines in between are not looked through: a warm run has a tenth of a second. */
const lookedBack = 20

/**
 * The newest earlier run of the same pipeline, preset and params, if it did not end well.
 *
 * One that is alive is another user's, and nothing before it is taken up either.
 */
export const runToContinue = Effect.fnUntraced(function* (
  wanted: Pick<RunStarted, "pipeline" | "preset" | "params">
) {
  const runs = yield* RunStore
  const leases = yield* Leases
  const params = JSON.stringify(wanted.params)
  for (const id of (yield* runs.ids).slice(-lookedBack).toReversed()) {
    const { started, finished } = yield* runs.ends(id)
    if (started?.pipeline !== wanted.pipeline || started.preset !== wanted.preset) continue
    if (JSON.stringify(started.params) !== params) continue
    if (finished?.status === "done" || (yield* leases.holder(runLeaseKey(id))) !== undefined) return undefined
    return { run: id, first: started.continues?.first ?? id }
  }
  return undefined
})
