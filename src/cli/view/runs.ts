/** `pipeline runs`: the runs in the store, newest first. */
import type { RunSummary } from "../../track/run-diff.ts"
import { duration, plural, relative } from "./format.ts"
import type { TextOptions } from "./show.ts"
import { stateWord } from "./style.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

export { type RunSummary, summaryOfRun } from "../../track/run-diff.ts"

export const newestFirst = (runs: ReadonlyArray<RunSummary>): Array<RunSummary> =>
  runs.toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1))

export const runsText = (runs: ReadonlyArray<RunSummary>, { style, now, width }: TextOptions): string => {
  if (runs.length === 0) return "no runs yet\n"
  const columns = [
    { head: "run" },
    { head: "pipeline", shrinkTo: 8 },
    { head: "preset", shrinkTo: 6 },
    { head: "status" },
    { head: "started" },
    { head: "took", align: "right" },
    { head: "nodes", shrinkTo: 8 }
  ] as const
  const rows = newestFirst(runs).map((run) => [
    harmless(run.id),
    harmless(run.pipeline),
    harmless(run.preset),
    stateWord(style, run.status),
    relative(run.startedAt, now),
    duration(run.seconds),
    nodesOf(run)
  ])
  return `${table(columns, rows, { width, head: style.dim }).join("\n")}\n`
}

/** `5 cached, 1 ran, 1 failed` */
const nodesOf = ({ counts, total }: RunSummary): string => {
  const said = Object.entries(counts).filter(([, n]) => n > 0)
  return said.length === 0 ? plural(total, "node") : said.map(([state, n]) => `${n} ${state}`).join(", ")
}
