/** The list of runs. Two of them, ticked, are compared. */
import { html } from "../../../report/html.ts"
import { dateTime, duration, plural, relative } from "../../../text/format.ts"
import type { Answer } from "../answer.ts"
import { framed } from "../frame.ts"
import type { ListedRun, NewestRuns } from "../run-list.ts"

export interface RunsPage {
  readonly newest: NewestRuns
  /** The store's directory, for people. */
  readonly store: string
  /** Milliseconds since 1970. */
  readonly now: number
}

export const runsPage = ({ newest: { runs, total }, store, now }: RunsPage): Answer =>
  framed({
    title: "Runs",
    live: `/live?seen=${encodeURIComponent(signature(runs))}`,
    body: html`
<p class="muted">${plural(total, "run")} in ${store}${runs.length < total && html`; the newest ${runs.length} are shown: <a href="/?all">show all</a>`}</p>
${runs.length === 0 ? html`<p>None yet: <code>pipeline run NAME</code> makes one, and it shows here.</p>` : list(runs, now)}`
  })

/** It changes when a run begins or ends. */
export const signature = (runs: ReadonlyArray<ListedRun>): string =>
  `${runs[0]?.id ?? ""}-${runs.filter(({ status }) => status === "running").length}`

const list = (runs: ReadonlyArray<ListedRun>, now: number) => html`
<form action="/compare">
<div class="bar">
<label>Filter <input type="search" id="filter" placeholder="a pipeline, a preset, failed…"></label>
<button>Compare two</button>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="data">
<thead><tr><th scope="col">compare</th><th scope="col">run</th><th scope="col">pipeline</th><th scope="col">preset</th>
<th scope="col">status</th><th scope="col">started</th><th scope="col" class="number">took</th><th scope="col" class="number">nodes</th></tr></thead>
<tbody id="runs" data-part>${runs.map((run) => row(run, now))}</tbody>
</table></div>
</form>`

const row = (run: ListedRun, now: number) => html`<tr>
<td><input type="checkbox" name="run" value="${run.id}" id="tick-${run.id}" aria-label="compare ${run.id}"></td>
<td class="id"><a href="/runs/${encodeURIComponent(run.id)}">${run.id}</a></td><td>${run.pipeline}</td><td>${run.preset}</td>
<td><span class="state state-${run.status}">${run.status}</span></td><td title="${dateTime(run.startedAt)}">${relative(run.startedAt, now)}</td>
<td class="number">${run.seconds === undefined ? "" : duration(run.seconds)}</td><td class="number">${run.nodes}</td></tr>
`
