/**
 * A plan as a picture: nodes in columns by how far they are from the sources, connections as curves.
 *
 * Within a column a node stands near what it is made of: each column is ordered by the mean place of its inputs, once from left to
 * right and once back (the barycentre heuristic of Sugiyama, Tagawa, Toda 1981, section 4).
 */
import { type Edge, edges } from "../diagram.ts"
import type { PlannedNode } from "../event.ts"
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
  const arrows = edges(nodes)
  const columns = columnsOf(nodes, arrows)
  const places = new Map<string, { readonly x: number; readonly y: number }>()
  for (const [index, column] of columns.entries()) {
    for (const [row, { name }] of column.entries())
      places.set(name, {
        x: margin + index * (box.width + space.x),
        y: margin + row * (box.height + space.y)
      })
  }
  const tallest = columns.reduce((most, { length }) => Math.max(most, length), 0)
  return svgFile(
    2 * margin + Math.max(0, columns.length * (box.width + space.x) - space.x),
    2 * margin + Math.max(0, tallest * (box.height + space.y) - space.y),
    [
      ...arrows.flatMap(({ from, to }) => {
        const [start, end] = [places.get(from), places.get(to)]
        return start === undefined || end === undefined ? [] : [curve(start, end)]
      }),
      ...nodes.flatMap((node) => {
        const place = places.get(node.name)
        return place === undefined ? [] : [drawn(node, place)]
      })
    ]
  )
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

const columnsOf = (
  nodes: ReadonlyArray<PlannedNode>,
  arrows: ReadonlyArray<Edge>
): ReadonlyArray<ReadonlyArray<PlannedNode>> => {
  const sources = Map.groupBy(arrows, ({ to }) => to)
  const followers = Map.groupBy(arrows, ({ from }) => from)
  // The plan is in topological order, so what a node needs has its depth already.
  const depths = new Map<string, number>()
  const columns: Array<Array<PlannedNode>> = []
  for (const node of nodes) {
    const depth =
      Math.max(-1, ...(sources.get(node.name) ?? []).map(({ from }) => depths.get(from) ?? -1)) + 1
    depths.set(node.name, depth)
    const column = columns[depth] ?? []
    columns[depth] = column
    column.push(node)
  }
  const rows = new Map<string, number>()
  const note = (column: ReadonlyArray<PlannedNode>) => {
    for (const [row, { name }] of column.entries()) rows.set(name, row / column.length)
  }
  for (const column of columns) note(column)
  const arrange = (column: Array<PlannedNode>, neighbours: (name: string) => ReadonlyArray<string>) => {
    const mean = new Map(
      column.map(({ name }) => {
        const near = neighbours(name).map((other) => rows.get(other) ?? 0)
        return [name, near.length === 0 ? (rows.get(name) ?? 0) : near.reduce((a, b) => a + b) / near.length]
      })
    )
    column.sort((a, b) => (mean.get(a.name) ?? 0) - (mean.get(b.name) ?? 0))
    note(column)
  }
  for (const column of columns) arrange(column, (name) => (sources.get(name) ?? []).map(({ from }) => from))
  for (const column of columns.toReversed())
    arrange(column, (name) => (followers.get(name) ?? []).map(({ to }) => to))
  return columns
}
