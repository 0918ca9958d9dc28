/**
 * Garbage collection of what only speeds things up: memories, plans and code that no kept run stands for.
 *
 * A command uses them before it is a run that anybody could know of. It makes them young then, and they stay for an hour.
 */
import { Effect } from "effect"
import type { Digest } from "../artifact/digest.ts"
import { changedMillis, Disk } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import type { Lease } from "../artifact/leases.ts"
import { onDisk } from "../artifact/store-fault.ts"
import { readMemo } from "./elaborate.ts"
import { lastRunName } from "./last-run.ts"

/** What kept runs stand for. */
export interface KeptPlans {
  readonly plans: ReadonlySet<Digest>
  /** Hashes of their stages' bundles. */
  readonly code: ReadonlySet<string>
  readonly pipelines: ReadonlySet<string>
  /** What is younger stays. Milliseconds since 1970. */
  readonly youngerThan: number
}

/** From looking at a memory to being a run, with a file server's clock that is behind ours. Milliseconds. */
const starting = 3_600_000

/**
 * @param dryRun only counts
 * @param confirm is asked before anything is removed
 */
export const collectMemory = Effect.fnUntraced(function* (
  layout: StoreLayout,
  kept: KeptPlans,
  dryRun: boolean,
  confirm: Lease["confirm"]
) {
  const disk = yield* Disk
  const plans = new Set<string>(kept.plans)
  const code = new Set(kept.code)
  const memories = new Set([...kept.pipelines].map(lastRunName))
  let files = 0
  let bytes = 0

  /** @param isNeeded asked only of what is old */
  const sweep = Effect.fnUntraced(function* (
    directory: string,
    isNeeded: (name: string, isYoung: boolean) => boolean
  ) {
    for (const name of yield* onDisk("list", directory, () => disk.list(directory))) {
      const path = `${directory}/${name}`
      const stamp = yield* onDisk("look at", path, () => disk.stamp(path))
      // What is no file is for `verify` to name.
      if (stamp === undefined || isNeeded(name, changedMillis(stamp) > kept.youngerThan - starting)) continue
      files++
      bytes += stamp.size
      if (dryRun) continue
      yield* confirm
      yield* onDisk("remove", path, () => disk.remove(path))
    }
  })

  yield* sweep(layout.memos, (name, isYoung) => {
    if (memories.has(name)) return true
    const memo = readMemo(disk, layout, `${layout.memos}/${name}`)
    const isNeeded = isYoung || (memo !== undefined && kept.plans.has(memo.plan))
    // A memory stays with what it needs to be believed.
    if (isNeeded && memo !== undefined) {
      plans.add(memo.plan)
      for (const stage of memo.stages) code.add(stage.code)
    }
    return isNeeded
  })
  yield* sweep(layout.plans, (name, isYoung) => isYoung || plans.has(name.replace(/\.json$/, "")))
  yield* sweep(layout.code, (name, isYoung) => isYoung || code.has(name.replace(/\.mjs(\.map)?$/, "")))
  return { files, bytes }
})
