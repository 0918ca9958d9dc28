/** What is known here of runs on tracking servers, without asking one. */
import { Effect } from "effect"
import { Disk } from "../../artifact/disk.ts"
import type { StoreLayout } from "../../artifact/layout.ts"
import { onDisk } from "../../artifact/store-fault.ts"
import { type Cursor, cursorsOf } from "./cursor.ts"
import { compareUrl, rootRunOf, urlOf } from "./link.ts"

/** A run's page on a server. */
export interface TrackedRun {
  readonly server: string
  readonly experiment: string
  /** MLflow's identifier. */
  readonly run: string
  readonly url: string
  /** The server has all of it. */
  readonly complete: boolean
}

export const cursorsOfRun = Effect.fnUntraced(function* (layout: StoreLayout, id: string) {
  const disk = yield* Disk
  return yield* onDisk("read", `${layout.runs}/${id}`, () => cursorsOf(disk, layout, id))
})

/** Where a run can be looked at: one page for each server and experiment that it was sent to. */
export const trackedRuns = (layout: StoreLayout, id: string) =>
  Effect.map(cursorsOfRun(layout, id), (cursors) => cursors.flatMap(trackedRun))

const trackedRun = (cursor: Cursor): ReadonlyArray<TrackedRun> => {
  const { server, experiment, complete } = cursor
  const [run, url] = [rootRunOf(cursor), urlOf(cursor)]
  return run === undefined || url === undefined || experiment === undefined
    ? []
    : [{ server, experiment, run, url, complete }]
}

/** Pages that show two runs side by side, on each server that has both. */
export const comparisons = (
  left: ReadonlyArray<TrackedRun>,
  right: ReadonlyArray<TrackedRun>
): ReadonlyArray<string> =>
  left.flatMap((a) =>
    right
      .filter(({ server, run }) => server === a.server && run !== a.run)
      .map((b) => compareUrl(a.server, [a.experiment, b.experiment], [a.run, b.run]))
  )
