/** Two runs beside each other: what they were asked, and what came of it. */
import { Effect, type Schema } from "effect"
import type { Table } from "../artifact/kinds/table.ts"
import { number } from "../text/format.ts"
import { type Change, diffRuns } from "../track/run-diff.ts"
import { drawnFigure, type Room } from "./figures.ts"
import { cut, type Html, html, type Part } from "./html.ts"
import type { Held, ReportRun } from "./report-run.ts"
import { runCard } from "./run-card.ts"
import { head, topBar, trouble } from "./run-report.ts"
import { grid } from "./table-html.ts"
import { tableSection } from "./tables.ts"
import { trainingsTogether } from "./trainings.ts"

const sections = [
  ["params", "Params"],
  ["metrics", "Metrics"],
  ["tables", "Tables"],
  ["trainings", "Trainings"],
  ["figures", "Figures"],
  ["cards", "Run cards"]
] as const

export const comparisonReport = (a: ReportRun, b: ReportRun, room: Room): Effect.Effect<Html> =>
  Effect.gen(function* () {
    const diff = diffRuns(a.view, b.view)
    const curves = yield* trainingsTogether(
      [
        { name: "A", run: a },
        { name: "B", run: b }
      ],
      room
    )
    const only = (name: string, nodes: ReadonlyArray<string>) =>
      nodes.length > 0 && html`<p class="muted">Only in ${name}: ${cut(nodes.join(", "), 1500)}</p>`
    return html`${topBar(sections)}<main>
<h1>Two runs</h1>
<div class="sides"><section aria-label="Run A"><p class="state">A</p>${head(a)}${trouble(a)}</section><section aria-label="Run B"><p class="state">B</p>${head(b)}${trouble(b)}</section></div>
<section id="params"><h2>Params that differ</h2>${changes(diff.params, json, "No param differs.")}${only("A", diff.onlyInA)}${only("B", diff.onlyInB)}</section>
<section id="metrics"><h2>Metrics that differ</h2>${metrics(diff.nodes)}</section>
<section id="tables"><h2>Tables</h2>${tables(pairs(a.tables, b.tables))}</section>
<section id="trainings"><h2>Trainings</h2>${curves}</section>
<section id="figures"><h2>Figures</h2>${figures(a, b, room)}</section>
<section id="cards"><h2>Run cards</h2><div class="sides"><div>${runCard(a)}</div><div>${runCard(b)}</div></div></section>
</main>`
  })

const json = (value: Schema.Json): Part => html`<code>${cut(JSON.stringify(value), 300)}</code>`

const changes = <T>(found: ReadonlyArray<Change<T>>, shown: (value: T) => Part, none: string): Html =>
  found.length === 0
    ? html`<p class="missing">${none}</p>`
    : grid(
        [{ head: "name" }, { head: "A" }, { head: "B" }],
        found.map(({ name, a, b }) => [
          name,
          a === undefined ? "–" : shown(a),
          b === undefined ? "–" : shown(b)
        ]),
        "Differences"
      )

const metrics = (nodes: ReturnType<typeof diffRuns>["nodes"]): Html => {
  const rows = nodes.flatMap(({ name, metrics }) =>
    metrics.map(({ name: metric, a, b }) => [
      name,
      metric,
      a === undefined ? "–" : number(a),
      b === undefined ? "–" : number(b),
      a === undefined || b === undefined ? "" : number(Number((b - a).toPrecision(4)))
    ])
  )
  return rows.length === 0
    ? html`<p class="missing">No metric differs.</p>`
    : grid(
        [
          { head: "node" },
          { head: "metric" },
          ...["A", "B", "B − A"].map((head) => ({ head, isNumber: true }))
        ],
        rows,
        "Metrics that differ"
      )
}

interface Pair<Value> {
  readonly name: string
  readonly a: Held<Value> | undefined
  readonly b: Held<Value> | undefined
}

/** By the node's name: what has the same name was meant as the same. */
const pairs = <Value>(
  ofA: ReadonlyArray<Held<Value>>,
  ofB: ReadonlyArray<Held<Value>>
): ReadonlyArray<Pair<Value>> => {
  const [a, b] = [ofA, ofB].map((held) => new Map(held.map((each) => [each.node.name, each])))
  const names = new Set([...ofA, ...ofB].map(({ node }) => node.name))
  return Array.from(names, (name) => ({ name, a: a?.get(name), b: b?.get(name) }))
}

const isSame = ({ a, b }: Pair<unknown>): boolean => a !== undefined && a.node.digest === b?.node.digest

const tables = (found: ReadonlyArray<Pair<Table>>): Html => {
  const named = (title: string, some: ReadonlyArray<Pair<Table>>) =>
    some.length > 0 &&
    html`<p class="muted">${title}: ${cut(some.map(({ name }) => name).join(", "), 1500)}.</p>`
  return html`${found.flatMap(({ a, b }) =>
    a === undefined || b === undefined || a.node.digest === b.node.digest
      ? []
      : [
          html`<div class="sides"><div><p class="state">A</p>${tableSection(a)}</div><div><p class="state">B</p>${tableSection(b)}</div></div>`
        ]
  )}${named("The same in both", found.filter(isSame))}${named(
    "Only in A, or not readable in B",
    found.filter(({ b }) => b === undefined)
  )}${named(
    "Only in B, or not readable in A",
    found.filter(({ a }) => a === undefined)
  )}${found.length === 0 && html`<p class="missing">No tables: neither run has one that could be read.</p>`}`
}

const absent = (name: string): Html =>
  html`<p class="missing">No ${name} in this run, or it cannot be read.</p>`

const figures = (a: ReportRun, b: ReportRun, room: Room): Html => {
  const found = pairs(a.figures, b.figures)
  if (found.length === 0)
    return html`<p class="missing">No figures: neither run has an artifact of the kind Figure that could be read.</p>`
  const side = (held: (typeof found)[number]["a"], run: ReportRun, name: string) =>
    held === undefined ? absent(name) : drawnFigure(held.node, held.value, run.view.id, room)
  return html`${found.map((pair) =>
    isSame(pair)
      ? html`<p class="muted">The same in both:</p>${side(pair.a, a, pair.name)}`
      : // Below each other: beside each other neither would be seen as a whole.
        html`<p class="state">A</p>${side(pair.a, a, pair.name)}<p class="state">B</p>${side(pair.b, b, pair.name)}`
  )}`
}
