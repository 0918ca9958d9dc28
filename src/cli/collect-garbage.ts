/** One garbage collection, from what is to stay to what was removed. */
import { Duration, Effect, Schedule } from "effect"
import { Blobs } from "../artifact/blobs.ts"
import { collect } from "../artifact/collect.ts"
import { Disk } from "../artifact/disk.ts"
import { Leases } from "../artifact/leases.ts"
import { withinSize } from "../artifact/size-limit.ts"
import { collectMemory } from "../plan/collect-memory.ts"
import { collectionLeaseKey } from "../schedule/live-run.ts"
import { collectRuns } from "../track/collect-runs.ts"
import { rootsOf } from "../track/roots.ts"
import { cursorsOf } from "../track/upload/cursor.ts"

export interface Collection {
  /** Newest runs of each pipeline that stay. Pinned and live ones stay besides. */
  readonly keepRuns: number
  /** Bytes that artifacts and checkpoints may take; what was used longest ago goes. */
  readonly maxBytes: number | undefined
  /** Only counts. */
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * A run that starts holds the collection's lease for a moment; another collection may hold it for long. One that died elsewhere
 * is given up only by who has watched it for as long as leases are patient.
 */
const patiently = (patience: Duration.Duration) => ({
  while: (error: { readonly _tag: string }) => error._tag === "LeaseHeld",
  schedule: Schedule.spaced("200 millis"),
  times: Math.ceil(Duration.toMillis(patience) / 200) + 25
})

export const collectGarbage = Effect.fnUntraced(function* ({ keepRuns, maxBytes, dryRun, now }: Collection) {
  const leases = yield* Leases
  const { layout } = yield* Blobs
  const disk = yield* Disk
  const lease = yield* Effect.retry(
    leases.acquire(collectionLeaseKey, "garbage collection"),
    patiently(leases.patience)
  )
  const isUnsent = (id: string) => cursorsOf(disk, layout, id).some(({ complete }) => !complete)
  const { roots, droppable, plans, kept, unsent, old } = yield* rootsOf(keepRuns, now, isUnsent)
  const limited = maxBytes === undefined ? { roots } : yield* withinSize(roots, droppable, maxBytes)
  const collected = yield* collect(limited.roots, dryRun, lease)
  const runs = yield* collectRuns(layout, old, dryRun, lease.confirm)
  const memory = yield* collectMemory(layout, plans, dryRun, lease.confirm)
  return {
    ...collected,
    freed: collected.freed + runs.bytes + memory.bytes,
    runs: runs.count,
    /** Old runs that stay because a tracking server does not have them whole. */
    unsentRuns: unsent,
    memories: memory.files,
    leases: dryRun ? 0 : yield* leases.sweep,
    keptRuns: kept,
    /** What artifacts and checkpoints still need, where it was limited. */
    ...("bytes" in limited ? { bytes: limited.bytes } : {})
  }
}, Effect.scoped)
