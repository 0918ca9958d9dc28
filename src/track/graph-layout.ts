/**
 * Where the nodes of a plan stand in a picture: in columns by how far they are from the sources.
 *
 * Within a column a node stands near what it is made of: each column is ordered by the mean place of its inputs, once from left to
 * right and once back (the barycentre heuristic of Sugiyama, Tagawa, Toda 1981, section 4).
 */
import { type Edge, edges } from "./diagram.ts"
import type { PlannedNode } from "./event.ts"

type Wired = Pick<PlannedNode, "name" | "inputs">

/** In pixels. */
export interface GraphSizes {
  readonly box: { readonly width: number; readonly height: number }
  readonly space: { readonly x: number; readonly y: number }
  readonly margin: number
}

export interface GraphLayout {
  /** Upper left corners, by node. */
  readonly places: ReadonlyMap<string, { readonly x: number; readonly y: number }>
  readonly arrows: ReadonlyArray<Edge>
  readonly width: number
  readonly height: number
}

/** @param nodes in topological order, as a plan has them */
export const graphLayout = (nodes: ReadonlyArray<Wired>, { box, space, margin }: GraphSizes): GraphLayout => {
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
  return {
    places,
    arrows,
    width: 2 * margin + Math.max(0, columns.length * (box.width + space.x) - space.x),
    height: 2 * margin + Math.max(0, tallest * (box.height + space.y) - space.y)
  }
}

const columnsOf = (
  nodes: ReadonlyArray<Wired>,
  arrows: ReadonlyArray<Edge>
): ReadonlyArray<ReadonlyArray<Wired>> => {
  const sources = Map.groupBy(arrows, ({ to }) => to)
  const followers = Map.groupBy(arrows, ({ from }) => from)
  // The plan is in topological order, so what a node needs has its depth already.
  const depths = new Map<string, number>()
  const columns: Array<Array<Wired>> = []
  for (const node of nodes) {
    const depth =
      Math.max(-1, ...(sources.get(node.name) ?? []).map(({ from }) => depths.get(from) ?? -1)) + 1
    depths.set(node.name, depth)
    const column = columns[depth] ?? []
    columns[depth] = column
    column.push(node)
  }
  const rows = new Map<string, number>()
  const note = (column: ReadonlyArray<Wired>) => {
    for (const [row, { name }] of column.entries()) rows.set(name, row / column.length)
  }
  for (const column of columns) note(column)
  const arrange = (column: Array<Wired>, neighbours: (name: string) => ReadonlyArray<string>) => {
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
