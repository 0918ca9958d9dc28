/** How trainings went, as far as no figure of the run shows it. */
import { Effect } from "effect"
import { type CurvePoints, curveChart } from "../figure/curve-chart.ts"
import { plural } from "../text/format.ts"
import type { NodeView } from "../track/run-node.ts"
import { chartFigure, type Room } from "./figures.ts"
import { cut, type Html, html } from "./html.ts"
import { isCurve, type ReportRun, sourcesOf } from "./report-run.ts"

/** Lines of a chart, and panels, before it says nothing any more. */
const mostLines = 16
const mostMetrics = 8

interface Training {
  readonly node: NodeView
  readonly curves: CurvePoints
}

/** What this run logged of them, or else what their models remember. */
const trainingsOf = ({ view, histories }: ReportRun): ReadonlyArray<Training> =>
  view.nodes
    .filter(({ kind }) => kind === "Model")
    .map((node) => ({ node, curves: isCurve(node.series) ? node.series : (histories.get(node.name) ?? {}) }))

/**
 * Models that a figure is made of and nothing else is: what it shows of them is how they were trained. And those that are the
 * same to the byte.
 */
const drawnModels = ({ view, figures }: ReportRun): ReadonlySet<string> => {
  const models = new Map(view.nodes.flatMap((node) => (node.kind === "Model" ? [[node.name, node]] : [])))
  const drawn = figures.flatMap(({ node }) => {
    const sources = sourcesOf(node).map((name) => models.get(name))
    return sources.includes(undefined) ? [] : sources
  })
  const digests = new Set(drawn.map((node) => node?.digest))
  return new Set(
    view.nodes.flatMap(({ name, digest }) => (digest !== undefined && digests.has(digest) ? [name] : []))
  )
}

/** The curves of those trainings of a run that are in none of its figures. */
export const undrawnTrainings = (run: ReportRun, room: Room): Effect.Effect<Html> =>
  Effect.gen(function* () {
    const all = trainingsOf(run)
    if (all.length === 0)
      return html`<p class="missing">No curves: this run has no node of the kind Model.</p>`
    const drawn = drawnModels(run)
    const left = all.filter(({ node }) => !drawn.has(node.name))
    const chart = yield* chartOf(
      left.map((training) => ({ ...training, line: training.node.name })),
      room
    )
    return html`${drawn.size > 0 && html`<p class="muted">Loss and accuracy over epochs of ${plural(drawn.size, "model")} are among the <a href="#figures">figures</a>.</p>`}${chart}${withoutCurve(run, left)}`
  })

/** All trainings of two runs in the same panels, and what is the same in both but once. */
export const trainingsTogether = (
  runs: ReadonlyArray<{ readonly name: string; readonly run: ReportRun }>,
  room: Room
): Effect.Effect<Html> =>
  Effect.gen(function* () {
    const all = runs.flatMap(({ name, run }) =>
      trainingsOf(run).map((training) => ({ ...training, from: name }))
    )
    const same = Map.groupBy(all, ({ node }) => `${node.name} ${node.digest ?? ""}`)
    const groups = Array.from(same.values(), (group) => ({
      group,
      curved: group.find(({ curves }) => isCurve(curves))
    }))
    const chart = yield* chartOf(
      groups.flatMap(({ group, curved }) =>
        curved === undefined
          ? []
          : [{ ...curved, line: `${group.map(({ from }) => from).join(" and ")} · ${curved.node.name}` }]
      ),
      room
    )
    const left = groups.flatMap(({ group, curved }) => (curved === undefined ? group : []))
    const missing = runs.map(({ name, run }) =>
      withoutCurve(
        run,
        left.filter(({ from }) => from === name),
        `${name}: `
      )
    )
    return html`${chart ?? html`<p class="missing">No curves: no training of either run has more than one value of anything.</p>`}${missing}`
  })

const chartOf = (
  trainings: ReadonlyArray<Training & { readonly line: string }>,
  room: Room
): Effect.Effect<Html | undefined> => {
  const curved = trainings.filter(({ curves }) => isCurve(curves))
  if (curved.length === 0) return Effect.undefined
  const metrics = [...new Set(curved.flatMap(({ curves }) => Object.keys(curves)))]
    .filter((metric) => curved.some(({ curves }) => (curves[metric]?.length ?? 0) > 1))
    .slice(0, mostMetrics)
  const rest = curved.length - mostLines
  const others = rest > 0 ? ` ${rest} more trainings are not drawn; their panels have their last values.` : ""
  return chartFigure(
    "Over epochs",
    `What each training logged after each epoch; of cached ones, what is kept with their models.${others}`,
    curveChart(
      metrics.flatMap((metric) =>
        curved.slice(0, mostLines).map(({ line, curves }) => ({
          metric: metric.replaceAll("_", " "),
          line,
          points: curves[metric] ?? []
        }))
      )
    ),
    room
  )
}

/** Says which trainings have no curve, and why. */
const withoutCurve = (
  { unreadable }: ReportRun,
  trainings: ReadonlyArray<Training>,
  prefix = ""
): ReadonlyArray<Html | false> => {
  const names = trainings.flatMap(({ node, curves }) => (isCurve(curves) ? [] : [node.name]))
  const finished = new Set(trainings.flatMap(({ node }) => (node.digest === undefined ? [] : [node.name])))
  const told = (some: ReadonlyArray<string>, why: string) =>
    some.length > 0 && html`<p class="missing">${prefix}No curve of ${cut(some.join(", "), 1500)}: ${why}</p>`
  return [
    told(
      names.filter((name) => unreadable.has(name)),
      "this run did not log one, and the artifact that would have it is gone or cannot be read. Running the pipeline again trains again."
    ),
    told(
      names.filter((name) => finished.has(name) && !unreadable.has(name)),
      "there is no history of more than one epoch. It was trained for one, imported, or made before models kept their histories."
    ),
    told(
      names.filter((name) => !finished.has(name)),
      "it did not come so far."
    )
  ]
}
