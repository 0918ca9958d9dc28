/** A plan as a picture: nodes in columns by how far they are from the sources, connections as curves. */
import type { PlannedNode } from "../event.ts"
import { graphLayout } from "../graph-layout.ts"
import { svgFile, svgText } from "./svg.ts"

const box = { width: 250, height: 36 }
const space = { x: 70, y: 12 }
const margin = 16

/** Colours by kind, each dark enough to be told apart as a border. */
const colours: { readonly [kind: string]: string } = {
  Dataset: "#1f77b4",
  Model: "#d62728",
  Sweep: "#2ca02c",
  Evaluation: "#2ca02c",
  Table: "#7f7f7f",
  Figure: "#9467bd"
}

export const graphSvg = (nodes: ReadonlyArray<PlannedNode>): string => {
  const { places, arrows, width, height } = graphLayout(nodes, { box, space, margin })
  return svgFile(width, height, [
    ...arrows.flatMap(({ from, to }) => {
      const [start, end] = [places.get(from), places.get(to)]
      return start === undefined || end === undefined ? [] : [curve(start, end)]
    }),
    ...nodes.flatMap((node) => {
      const place = places.get(node.name)
      return place === undefined ? [] : [drawn(node, place)]
    })
  ])
}

type Place = { readonly x: number; readonly y: number }

const curve = (from: Place, to: Place): string => {
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2]
  const [x2, y2] = [to.x, to.y + box.height / 2]
  const bend = space.x * 0.6
  return `<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" fill="none" stroke="#bbb"/>`
}

const drawn = ({ name, stage, kind }: PlannedNode, { x, y }: Place): string =>
  [
    `<g><title>${svgText(`${name}: ${stage}, ${kind}`)}</title>`,
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="4" fill="#fff" stroke="${colours[kind] ?? "#555"}" stroke-width="1.5"/>`,
    `<text x="${x + 8}" y="${y + 15}" font-size="11">${svgText(shortened(name))}</text>`,
    `<text x="${x + 8}" y="${y + 29}" font-size="10" fill="#666">${svgText(shortened(stage))}</text></g>`
  ].join("")

/** What fits into a box, in most fonts. */
const longest = 36

/** The end of a long name tells more than its beginning. */
const shortened = (text: string): string => (text.length <= longest ? text : `…${text.slice(1 - longest)}`)
