/** A run, or two beside each other, as one page that needs nothing else. */
import { Effect } from "effect"
import type { Artifacts } from "../artifact/artifacts.ts"
import type { Leases } from "../artifact/leases.ts"
import type { StoreFault } from "../artifact/store-error.ts"
import type { NoSuchRun, RunStore } from "../track/run-store.ts"
import { comparisonReport } from "./comparison-report.ts"
import { Room } from "./figures.ts"
import { notesHtml } from "./notes.ts"
import { page } from "./page.ts"
import { reportRun } from "./report-run.ts"
import { runReport } from "./run-report.ts"

export interface ReportOptions<E = never> {
  /** What people have to say of the results of a pipeline, as Markdown; for one run. */
  readonly notes?: (pipeline: string) => Effect.Effect<string | undefined, E>
}

/**
 * Makes the page. Whatever cannot be read of a run is said in it, and fails nothing.
 *
 * @param references one run or two: `last`, `last~1`, an identifier or the beginning of one
 */
export const renderReport = <E = never>(
  [reference, other]: readonly [run: string, other?: string | undefined],
  { notes = () => Effect.undefined }: ReportOptions<E> = {}
): Effect.Effect<string, NoSuchRun | StoreFault | E, RunStore | Artifacts | Leases> =>
  Effect.gen(function* () {
    const run = yield* reportRun(reference)
    const room = new Room()
    if (other !== undefined) {
      const second = yield* reportRun(other)
      const title = `${run.view.id} and ${second.view.id}`
      return page({ title, body: yield* comparisonReport(run, second, room) })
    }
    const text = yield* notes(run.view.pipeline)
    const said = text === undefined ? undefined : yield* notesHtml(text)
    return page({
      title: `${run.view.pipeline} ${run.view.preset}, ${run.view.status}`,
      body: yield* runReport(run, room, said)
    })
  })
