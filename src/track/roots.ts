/** What garbage collection must leave alone. */
import { Effect } from "effect"
import type { Roots } from "../artifact/collect.ts"
import type { Digest } from "../artifact/digest.ts"
import { Leases } from "../artifact/leases.ts"
import { RunStore, runLeaseKey, type StoredRun } from "./run-store.ts"

/** How far a file server's clock may be behind ours, in milliseconds. */
const clockMargin = 3_600_000

/**
 * The roots for keeping the newest `keepRuns` runs of each pipeline, every pinned run, and every run that is alive.
 *
 * @param now milliseconds since 1970
 */
export const rootsOf = Effect.fnUntraced(function* (keepRuns: number, now: number) {
  const runs = yield* RunStore
  const leases = yield* Leases
  const ids = yield* runs.ids
  const keys = new Set<Digest>()
  const artifacts = new Set<Digest>()
  const stages = new Set<string>()
  const perPipeline = new Map<string, number>()
  const kept: Array<string> = []
  let youngerThan = now
  for (const id of ids.toReversed()) {
    const run = yield* runs.read(id, "decisions")
    const pipeline = pipelineOf(run)
    const newer = perPipeline.get(pipeline) ?? 0
    perPipeline.set(pipeline, newer + 1)
    const alive = (yield* leases.holder(runLeaseKey(id))) !== undefined
    if (newer >= keepRuns && !alive && !(yield* runs.isPinned(id))) continue
    kept.push(id)
    for (const event of run.events) {
      // What a run only began may have left checkpoints.
      if (event._tag === "NodeStarted") keys.add(event.key)
      if (event._tag !== "NodeCached" && event._tag !== "NodeFinished") continue
      keys.add(event.key)
      artifacts.add(event.digest)
    }
    if (!alive) continue
    for (const stage of run.plan?.stages ?? []) stages.add(stage.name)
    youngerThan = Math.min(youngerThan, (run.events[0]?.at ?? 0) - clockMargin)
  }
  return { roots: { keys, artifacts, stages, youngerThan } satisfies Roots, kept }
})

const pipelineOf = ({ plan, events }: StoredRun): string => {
  const started = events.find((event) => event._tag === "RunStarted")
  return started?.pipeline ?? plan?.pipeline ?? ""
}
