/** Figures of a run: those that its stages drew, and charts of what no stage drew. */
import { Effect } from "effect"
import type { Figure } from "../artifact/kinds/figure.ts"
import { type Chart, drawChart } from "../figure/chart.ts"
import { sweepChart } from "../figure/sweep-chart.ts"
import type { NodeView } from "../track/run-node.ts"
import { type Html, html, titleHtml } from "./html.ts"
import { ownSvg } from "./own-svg.ts"
import { type ReportRun, sourcesOf } from "./report-run.ts"

/** Bytes of figures in a page; what comes later is named instead. */
export const mostBytes = 3_500_000

/** Counts what a page takes, so that it stays one that can be mailed. */
export class Room {
  #left = mostBytes
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}

/** A figure that a stage drew, with how to have it alone. */
export const drawnFigure = (
  { name }: NodeView,
  { title, description, svg, png }: Figure,
  run: string,
  room: Room
): Html => {
  const command = `pipeline artifacts export ${name} DIRECTORY --run ${run}`
  return html`<figure><figcaption>${titleHtml(title)}</figcaption>${picture(title, { svg, png }, room) ?? html`<p class="missing">Not shown here, because the page would become too large: <code>${command}</code></p>`}<p>${description}</p><p>Node <code>${name}</code>. As SVG and PNG: <code>${command}</code></p></figure>`
}

const picture = (
  title: string,
  { svg, png }: { readonly svg: string | undefined; readonly png: Uint8Array | undefined },
  room: Room
): Html | undefined => {
  const own = svg === undefined ? undefined : ownSvg(svg, title)
  if (own !== undefined && room.take(own.text.length)) return scrolled(own, title)
  const data =
    svg !== undefined && own === undefined
      ? `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`
      : png === undefined
        ? undefined
        : `data:image/png;base64,${Buffer.from(png).toString("base64")}`
  return data !== undefined && room.take(data.length)
    ? scrolled(html`<img class="foreign" alt="${title}" src="${data}">`, title)
    : undefined
}

const scrolled = (content: Html, label: string): Html =>
  html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">${content}</div>`

/** A chart that the report itself draws. A chart that fails is told, and costs nothing else. */
export const chartFigure = (
  title: string,
  description: string,
  chart: Chart,
  room: Room
): Effect.Effect<Html> =>
  drawChart(title, chart).pipe(
    Effect.map((svg) => picture(title, { svg, png: undefined }, room)),
    Effect.catch(({ message }) => Effect.succeed(html`<p class="missing">${message}</p>`)),
    Effect.map(
      (drawn) =>
        html`<figure><figcaption>${title}</figcaption>${drawn ?? html`<p class="missing">Not shown, because the page would become too large.</p>`}<p>${description}</p></figure>`
    )
  )

/** Sweeps that no figure of the page is made of, drawn by the first part of their nodes' names. */
export const undrawnSweeps = (run: ReportRun, room: Room): Effect.Effect<ReadonlyArray<Html>> => {
  const drawn = new Set(run.figures.flatMap(({ node }) => sourcesOf(node)))
  const left = run.sweeps.filter(({ node }) => !drawn.has(node.name))
  // A mean over seeds, and the sweeps that it is of, in one chart would be a thicket.
  const pooled = new Set(left.flatMap(({ node }) => sourcesOf(node)))
  const groups = Map.groupBy(
    left.filter(({ node }) => !pooled.has(node.name)),
    ({ node }) => node.name.split("/")[0] ?? ""
  )
  return Effect.forEach([...groups].slice(0, mostGroups), ([group, sweeps]) =>
    chartFigure(
      `Accuracy over ε: ${group}`,
      "With bars of one standard error; a panel for each attack; the dashed line is what guessing reaches.",
      sweepChart(Object.fromEntries(sweeps.map(({ node, value }) => [node.name, value]))),
      room
    )
  )
}

const mostGroups = 6

/** Says which figures a run has not, and which stages draw them. */
export const chartFreeNotice = ({ view }: ReportRun): Html => {
  const stages = new Set(view.nodes.map(({ stage }) => stage))
  const drawn = [
    ["accuracy over ε", "draw-sweeps"],
    ["loss and accuracy over epochs", "draw-training"],
    ["models against attacks", "draw-matrix"],
    ["images, clean and attacked", "image-grid"],
    ["confusion and confidence", "draw-predictions"]
  ] as const
  return html`<p class="missing">No figures. ${drawn.map(([what, stage]) =>
    stages.has(stage)
      ? `The node that draws ${what} did not finish, or its artifact cannot be read. `
      : html`No ${what}: no node of the stage <code>${stage}</code>. `
  )}</p>`
}
