/** The nodes of a run as a picture in a page. Each is a link to its panel. */

import { duration } from "../text/format.ts"
import { graphLayout } from "../track/graph-layout.ts"
import type { NodeView } from "../track/run-view.ts"
import { cut, type Html, html } from "./html.ts"

const box = { width: 214, height: 40 }
const space = { x: 56, y: 10 }

/**
 * Node `i` of the run is `<a id="dag-i" class="node STATE" href="#node-i">`.
 *
 * @param nodes in the order of the plan
 */
export const dag = (nodes: ReadonlyArray<NodeView>): Html => {
  const { places, arrows, width, height } = graphLayout(
    nodes.map(({ name, inputs = {} }) => ({ name, inputs })),
    { box, space, margin: 4 }
  )
  const curves = arrows.map(({ from, to }) => {
    const [start, end] = [places.get(from), places.get(to)]
    if (start === undefined || end === undefined) return undefined
    const [x1, y1] = [start.x + box.width, start.y + box.height / 2]
    const y2 = end.y + box.height / 2
    const bend = space.x * 0.6
    return html`<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${end.x - bend} ${y2} ${end.x} ${y2}"/>`
  })
  return html`<svg class="dag" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="The run's nodes and what each is made of">${curves}${nodes.map(
    (node, index) => drawn(node, index, places.get(node.name))
  )}</svg>`
}

const drawn = (
  node: NodeView,
  index: number,
  place: { readonly x: number; readonly y: number } | undefined
) => {
  if (place === undefined) return undefined
  const { name, stage, state } = node
  const { x, y } = place
  return html`<a id="dag-${index}" class="node ${state}" href="#node-${index}"><title>${cut(stage === undefined ? name : `${name}: ${stage}`, longestTitle)}</title><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="5"/><text x="${x + 10}" y="${y + 17}">${shortened(name)}</text><text class="muted" x="${x + 10}" y="${y + 32}">${timeOf(node)}</text></a>`
}

/** `ran, 3.2 s`; of a cached node what computing it once took. */
export const timeOf = ({ state, seconds, savedSeconds }: NodeView): string => {
  const time = state === "cached" ? savedSeconds : seconds
  return time > 0 ? `${state}, ${state === "cached" ? "saved " : ""}${duration(time)}` : state
}

const longest = 30
const longestTitle = 300

/** The end of a long name tells more than its beginning. */
const shortened = (text: string): string => (text.length <= longest ? text : `…${text.slice(1 - longest)}`)
