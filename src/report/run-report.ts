/** The report of one run. */
import { Effect } from "effect"
import { count, dateTime, duration, plural } from "../text/format.ts"
import { chartFreeNotice, drawnFigure, type Room, undrawnSweeps } from "./figures.ts"
import { findings } from "./findings.ts"
import { graphSection } from "./graph-section.ts"
import { cut, type Html, html } from "./html.ts"
import { hygieneBox } from "./hygiene.ts"
import type { ReportRun } from "./report-run.ts"
import { runCard, timeText } from "./run-card.ts"
import { evaluationTable, tablesOf } from "./tables.ts"
import { undrawnTrainings } from "./trainings.ts"

/** Sections by the anchors under which the page's head links to them. */
const sections = [
  ["summary", "Summary"],
  ["figures", "Figures"],
  ["tables", "Tables"],
  ["trainings", "Trainings"],
  ["checks", "Checks"],
  ["graph", "Graph"],
  ["card", "Run card"]
] as const

export const topBar = (links: ReadonlyArray<readonly [anchor: string, title: string]>): Html =>
  html`<nav class="top" aria-label="Sections"><div>${links.map(([anchor, title]) => html`<a href="#${anchor}">${title}</a>`)}<button type="button" data-toggle-theme>Theme</button></div></nav>`

export const runReport = (run: ReportRun, room: Room, notes: Html | undefined): Effect.Effect<Html> =>
  Effect.gen(function* () {
    const { view, figures } = run
    const sweeps = yield* undrawnSweeps(run, room)
    const drawn = figures.map(({ node, value }) => drawnFigure(node, value, view.id, room))
    const curves = yield* undrawnTrainings(run, room)
    const tables = tablesOf(run)
    const evaluations = evaluationTable(run)
    return html`${topBar(sections)}<main>
${head(run)}
<section id="summary">${summary(run)}${notes}</section>
<section id="figures"><h2>Figures</h2>${drawn}${sweeps}${drawn.length + sweeps.length === 0 && chartFreeNotice(run)}</section>
<section id="tables"><h2>Tables</h2>${tables}${evaluations}${tables.length === 0 && evaluations === undefined && html`<p class="missing">No tables: no node of this run has an artifact of the kinds Table or Evaluation that could be read.</p>`}</section>
<section id="trainings"><h2>Trainings</h2>${curves}</section>
<section id="checks"><h2>Checks</h2>${hygieneBox(run)}</section>
<section id="graph"><h2>Graph</h2>${graphSection(view)}</section>
<section id="card"><h2>Run card</h2>${runCard(run)}</section>
</main>`
  })

export const head = ({ view, description }: ReportRun): Html =>
  html`<h1>${cut(view.pipeline || "A run without a beginning", 200)}<span class="muted">, preset ${cut(view.preset, 100)}</span></h1>
<p class="muted">${cut(description, 600)}</p>
<div class="cards">
<div class="card"><b class="state-${view.status}">${view.status}</b><span>${view.startedAt > 0 ? dateTime(view.startedAt) : "start unknown"}</span></div>
<div class="card"><b>${duration(view.seconds)}</b><span>wall time</span></div>
<div class="card"><b>${count(view.counts.ran)} of ${count(view.total)}</b><span>nodes computed</span></div>
<div class="card"><b>${duration(view.savedSeconds)}</b><span>of computing saved by ${plural(view.counts.cached, "cached node")}</span></div>
</div>`

const summary = (run: ReportRun): Html => {
  const found = findings(run)
  return html`${trouble(run)}<h2>Summary</h2>${
    found.length === 0
      ? html`<p class="missing">Nothing to conclude by itself: no comparison with published numbers, no sweep over ε and no checks among the artifacts that could be read.</p>`
      : html`<ul>${found.map((each) => html`<li>${each}</li>`)}</ul>`
  }<p class="muted small">Run <code>${run.view.id}</code>: ${timeText(run.view)}.</p>`
}

/** What a reader must know before believing the rest. */
export const trouble = ({ view, unreadable }: ReportRun): Html => {
  const failed = view.nodes.filter(({ state }) => state === "failed")
  const unread = [...unreadable]
  return html`${statusText[view.status] !== undefined && html`<p class="missing">${statusText[view.status]} ${unfinished(view.counts)}</p>`}${
    failed.length > 0 &&
    html`<h2>Failed</h2><ul>${failed.slice(0, mostListed).map(({ name, failure }) => html`<li><a href="#node-${view.nodes.findIndex((node) => node.name === name)}">${cut(name, 200)}</a>: <span class="said">${cut(failure?.message ?? "no message", 800)}</span>${failure?.hint !== undefined && html`<br><span class="said muted">hint: ${cut(failure.hint, 400)}</span>`}</li>`)}</ul>`
  }${
    unread.length > 0 &&
    html`<details><summary>${plural(unread.length, "artifact")} could not be read; what ${unread.length === 1 ? "it" : "they"} held is missing below</summary><p>They may have been collected. Running the pipeline again computes them again.</p><ul>${unread.slice(0, mostListed).map(([name, why]) => html`<li>${cut(name, 200)}: <span class="said">${cut(why, 300)}</span></li>`)}</ul></details>`
  }`
}

const mostListed = 30

const statusText: { readonly [status in ReportRun["view"]["status"]]: string | undefined } = {
  done: undefined,
  failed: "This run failed; what is shown is what was finished.",
  interrupted: "This run was interrupted; what is shown is what was finished.",
  crashed:
    "This run ended without saying so: its process was killed, or the machine went down. What is shown is what was finished.",
  running: "This run goes on; this is how far it was when the report was made."
}

const unfinished = (counts: ReportRun["view"]["counts"]): string => {
  const left = (["failed", "skipped", "interrupted", "running", "waiting", "pending"] as const).flatMap(
    (state) => (counts[state] === 0 ? [] : [`${count(counts[state])} ${state}`])
  )
  return left.length === 0 ? "" : `Nodes: ${left.join(", ")}.`
}
