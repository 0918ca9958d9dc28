/**
 * A plan drawn for a terminal, in the manner of `git log --graph`: one node per line, in the plan's order, and a lane for
 * every artifact that a later node still needs.
 *
 *     ●      train
 *     │ ●    test
 *     ├─│─●  standard
 *     ● │ │  robust
 *     │ ├─●  standardScore
 *     ●─╯ │  robustScore
 *     ╰───┤
 *         ◆  report
 *
 * A lane says "goes to these nodes". Two artifacts with the same nodes ahead of them share one, so that thirty
 * evaluations that meet in one report take one lane and not thirty. A line that crosses a lane without touching it is
 * broken: `─│─`. A node that nobody takes is a diamond. Cached nodes are hollow.
 */

import { type DecisionWords, edges, printable } from "../track/diagram.ts"
import type { PlannedNode } from "../track/event.ts"

export interface TextDiagramOptions {
  readonly decisions?: DecisionWords
  /** Columns to stay within. Default 80. */
  readonly columns?: number
  /** Columns that a text takes. Default: one per code point. */
  readonly measure?: (text: string) => number
}

/** The drawing's lines. Lanes that would not leave room for the names give way to a list of nodes and their inputs. */
export const textDiagram = (
  nodes: ReadonlyArray<PlannedNode>,
  options: TextDiagramOptions = {}
): ReadonlyArray<string> => {
  const { decisions = new Map<string, string>(), columns = 80, measure = codePoints } = options
  const rows = draw(nodes, decisions)
  const graphWidth = rows.reduce((width, { graph }) => Math.max(width, graph.length), 0)
  const layout = { decisions, measure, room: columns - graphWidth - 2 }
  if (layout.room < Math.min(columns / 2, 24)) return list(nodes, { ...layout, room: columns })
  const labels = labelsOf(nodes, layout)
  return rows.map(({ graph, node }) =>
    node === undefined ? graph : `${graph.padEnd(graphWidth)}  ${labels[node] ?? ""}`.trimEnd()
  )
}

/** A line of the drawing; one that only leads lanes together has no node. */
interface Row {
  readonly graph: string
  readonly node?: number
}

/** The nodes that still take what is in a lane, ascending. */
type Lane = ReadonlyArray<number>
type Lanes = Array<Lane | undefined>

const draw = (nodes: ReadonlyArray<PlannedNode>, decisions: DecisionWords): Array<Row> => {
  const consumers = consumersOf(nodes)
  const lanes: Lanes = []
  const rows: Array<Row> = []
  nodes.forEach(({ name }, node) => {
    const inputs = lanes.flatMap((lane, index) => (lane?.[0] === node ? [index] : []))
    for (const index of inputs) lanes[index] = lanes[index]?.slice(1)
    const place = placeFor(lanes, inputs)
    const output = consumers[node] ?? []
    const marker = markerOf(decisions.get(name) === "cached", output.length > 0)
    rows.push({ graph: nodeRow(lanes, inputs, place, marker), node })
    for (const index of inputs) if (lanes[index]?.length === 0) lanes[index] = undefined
    const shared = lanes.findIndex(
      (lane) => output.length > 0 && lane !== undefined && sameLane(lane, output)
    )
    if (shared >= 0) rows.push({ graph: joinRow(lanes, place, shared) })
    else if (output.length > 0) lanes[place] = output
    while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop()
  })
  return rows
}

const consumersOf = (nodes: ReadonlyArray<PlannedNode>): ReadonlyArray<Lane> => {
  const indexOf = new Map(nodes.map(({ name }, index) => [name, index]))
  const consumers: Array<Array<number>> = nodes.map(() => [])
  for (const { from, to } of edges(nodes)) {
    const producer = indexOf.get(from) ?? 0
    const consumer = indexOf.get(to) ?? 0
    // Edges come by consumer, so each list is ascending. One that points back has no place in a plan.
    if (producer < consumer) consumers[producer]?.push(consumer)
  }
  return consumers
}

/** A result has a mark of its own: otherwise the node drawn right below it would seem to take it. */
const markerOf = (cached: boolean, goesOn: boolean): string => {
  if (goesOn) return cached ? "○" : "●"
  return cached ? "◇" : "◆"
}

/** The leftmost lane that ends here, so that a chain runs straight down; else the first free place. */
const placeFor = (lanes: Lanes, inputs: ReadonlyArray<number>): number => {
  const ended = inputs.find((index) => lanes[index]?.length === 0)
  if (ended !== undefined) return ended
  const free = lanes.indexOf(undefined)
  return free >= 0 ? free : lanes.length
}

const sameLane = (a: Lane, b: Lane): boolean =>
  a.length === b.length && a.every((node, index) => node === b[index])

const nodeRow = (lanes: Lanes, inputs: ReadonlyArray<number>, place: number, marker: string): string => {
  const from = Math.min(place, ...inputs)
  const to = Math.max(place, ...inputs)
  return row(Math.max(lanes.length, place + 1), from, to, (index) => {
    if (index === place) return marker
    const lane = lanes[index]
    if (!inputs.includes(index)) return lane === undefined ? undefined : "│"
    const side = index === from ? 0 : index === to ? 2 : 1
    return (lane?.length === 0 ? "╰┴╯" : "├┼┤").charAt(side)
  })
}

const joinRow = (lanes: Lanes, place: number, shared: number): string =>
  row(Math.max(lanes.length, place + 1), Math.min(place, shared), Math.max(place, shared), (index) => {
    if (index === place) return place < shared ? "╰" : "╯"
    if (index === shared) return place < shared ? "┤" : "├"
    return lanes[index] === undefined ? undefined : "│"
  })

/** Cells with a line from column `from` to column `to`, which runs through empty cells. */
const row = (width: number, from: number, to: number, cell: (index: number) => string | undefined): string =>
  Array.from({ length: width }, (_, index) => {
    const line = index >= from && index < to ? "─" : " "
    return (cell(index) ?? (index > from && index < to ? "─" : " ")) + line
  })
    .join("")
    .trimEnd()

interface Layout {
  readonly decisions: DecisionWords
  readonly measure: (text: string) => number
  readonly room: number
}

/** Name, decision and stage in columns. The stage gives way first, then the name's end. */
const labelsOf = (nodes: ReadonlyArray<PlannedNode>, { decisions, measure, room }: Layout): Array<string> => {
  const words = nodes.map(({ name }) => printable(decisions.get(name) ?? ""))
  const stages = nodes.map(({ stage }) => printable(stage))
  const wordWidth = widest(words, measure)
  const nameRoom = room - (wordWidth === 0 ? 0 : wordWidth + 2)
  const names = nodes.map(({ name }) => cut(printable(name), nameRoom, measure))
  const nameWidth = widest(names, measure)
  const stageRoom = nameRoom - nameWidth - 2
  const showStages = widest(stages, measure) <= stageRoom
  return nodes.map((_, index) =>
    [
      pad(names[index] ?? "", nameWidth, measure),
      ...(wordWidth === 0 ? [] : [pad(words[index] ?? "", wordWidth, measure)]),
      ...(showStages ? [stages[index] ?? ""] : [])
    ]
      .join("  ")
      .trimEnd()
  )
}

/** One node per line with the names of what it takes. */
const list = (nodes: ReadonlyArray<PlannedNode>, { decisions, measure, room }: Layout): Array<string> => {
  const inputs = new Map<string, Array<string>>()
  for (const { from, to } of edges(nodes)) inputs.set(to, [...(inputs.get(to) ?? []), printable(from)])
  return nodes.map(({ name }) => {
    const word = decisions.get(name)
    const head = `${printable(name)}${word === undefined ? "" : `  ${printable(word)}`}`
    const sources = inputs.get(name) ?? []
    return cut(
      sources.length === 0 ? head : `${head}  ← ${some(sources, room - measure(head) - 4, measure)}`,
      room,
      measure
    )
  })
}

/** As many names as fit, and how many more there are. */
const some = (names: ReadonlyArray<string>, room: number, measure: (text: string) => number): string => {
  const all = names.join(", ")
  if (measure(all) <= room) return all
  let shown = names.length - 1
  const text = () => `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`
  while (shown > 1 && measure(text()) > room) shown--
  return text()
}

const codePoints = (text: string): number => [...text].length

const widest = (texts: ReadonlyArray<string>, measure: (text: string) => number): number =>
  texts.reduce((width, text) => Math.max(width, measure(text)), 0)

const pad = (text: string, width: number, measure: (text: string) => number): string =>
  text + " ".repeat(Math.max(0, width - measure(text)))

const cut = (text: string, width: number, measure: (text: string) => number): string => {
  if (measure(text) <= width) return text
  const characters = [...text]
  while (characters.length > 0 && measure(characters.join("")) > width - 1) characters.pop()
  return `${characters.join("")}…`
}
