/** Garbage collection of the runs themselves: their journals, plans, and cursors. */
import { Effect } from "effect"
import { Disk } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import type { Lease } from "../artifact/leases.ts"
import { onDisk } from "../artifact/store-fault.ts"
import { RunStore } from "./run-store.ts"

/**
 * Removes runs, but for those that were pinned meanwhile.
 *
 * @param old of what was there when the collection began, what no rule keeps
 * @param dryRun only counts
 * @param confirm is asked before anything is removed
 */
export const collectRuns = Effect.fnUntraced(function* (
  layout: StoreLayout,
  old: ReadonlyArray<string>,
  dryRun: boolean,
  confirm: Lease["confirm"]
) {
  const disk = yield* Disk
  const runs = yield* RunStore
  let count = 0
  let bytes = 0
  for (const id of old) {
    const directory = `${layout.runs}/${id}`
    if (yield* runs.isPinned(id)) continue
    count++
    bytes += yield* onDisk("look at", directory, () =>
      disk.list(directory).reduce((sum, name) => sum + (disk.stamp(`${directory}/${name}`)?.size ?? 0), 0)
    )
    if (dryRun) continue
    yield* confirm
    yield* onDisk("remove", directory, () => {
      // Without its journal it is no run any more: the next collection removes the rest.
      disk.remove(`${directory}/journal.jsonl`)
      disk.removeTree(directory)
    })
  }
  return { count, bytes }
})
