/** A plan as a picture: Mermaid for a README, DOT for Graphviz. `text-diagram.ts` draws it for a terminal. */
import { printable } from "../text/markup.ts"
import type { PlannedNode } from "./event.ts"

export { printable } from "../text/markup.ts"

/** Per node a word such as `cached` or `run`, shown with it. */
export type DecisionWords = ReadonlyMap<string, string>

/** A connection: `to` takes the artifact of `from` as its inputs `labels`. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly labels: ReadonlyArray<string>
}

/** Every connection once, by consumer, in the order of its inputs. Connections to nodes outside the plan are left out. */
export const edges = (nodes: ReadonlyArray<Pick<PlannedNode, "name" | "inputs">>): Array<Edge> => {
  const known = new Set(nodes.map(({ name }) => name))
  return nodes.flatMap(({ name: to, inputs }) => {
    const labels = new Map<string, Array<string>>()
    for (const [input, wire] of Object.entries(inputs)) {
      for (const from of sources(wire)) {
        if (known.has(from)) labels.set(from, [...(labels.get(from) ?? []), input])
      }
    }
    return Array.from(labels, ([from, inputs]) => ({ from, to, labels: [...new Set(inputs)] }))
  })
}

/** @see https://mermaid.js.org/syntax/flowchart.html */
export const mermaid = (nodes: ReadonlyArray<PlannedNode>, decisions: DecisionWords = new Map()): string => {
  const ids = idsOf(nodes)
  const boxes = nodes.map(({ name, stage }) => {
    const lines = [name, stage, decisions.get(name)].filter((line) => line !== undefined)
    return `  ${ids.get(name)}["${lines.map(mermaidText).join("<br/>")}"]`
  })
  const arrows = edges(nodes).map(
    ({ from, to, labels }) => `  ${ids.get(from)} -->|"${mermaidText(labels.join(", "))}"| ${ids.get(to)}`
  )
  return ["flowchart TD", ...boxes, ...arrows, ...mermaidClasses(nodes, ids, decisions), ""].join("\n")
}

/** @see https://graphviz.org/doc/info/lang.html */
export const dot = (nodes: ReadonlyArray<PlannedNode>, decisions: DecisionWords = new Map()): string => {
  const ids = idsOf(nodes)
  const boxes = nodes.map(({ name, stage }) => {
    const decision = decisions.get(name)
    const lines = [name, stage, decision].filter((line) => line !== undefined)
    const filled = decision === "cached" ? ", style=filled, fillcolor=gray90" : ""
    // \n is the label's line break; one from a name was spelt out before.
    return `  ${ids.get(name)} [label="${lines.map(dotText).join("\\n")}"${filled}]`
  })
  const arrows = edges(nodes).map(
    ({ from, to, labels }) => `  ${ids.get(from)} -> ${ids.get(to)} [label="${dotText(labels.join(", "))}"]`
  )
  return ["digraph pipeline {", "  node [shape=box]", ...boxes, ...arrows, "}", ""].join("\n")
}

/** Names are free text, so the languages see numbers and never a name. */
const idsOf = (nodes: ReadonlyArray<PlannedNode>): ReadonlyMap<string, string> =>
  new Map(nodes.map(({ name }, index) => [name, `n${index}`]))

const sources = (wire: PlannedNode["inputs"][string]): ReadonlyArray<string> =>
  typeof wire === "string" ? [wire] : Object.values(wire)

const mermaidClasses = (
  nodes: ReadonlyArray<PlannedNode>,
  ids: ReadonlyMap<string, string>,
  decisions: DecisionWords
): Array<string> => {
  const cached = nodes.filter(({ name }) => decisions.get(name) === "cached").map(({ name }) => ids.get(name))
  if (cached.length === 0) return []
  return ["  classDef cached fill:#eee,stroke:#999,color:#333", `  class ${cached.join(",")} cached`]
}

/**
 * Mermaid has no escape character: quotes, tags, Markdown and its own `#…;` codes are all written as codes. Only what
 * certainly means nothing stays.
 */
const mermaidText = (text: string): string =>
  printable(text)
    .replace(/[^\p{L}\p{M}\p{N} _/:=,.-]/gu, (character) => `#${character.codePointAt(0)};`)
    // "1. " and "- " would begin a Markdown list, which Mermaid refuses to draw.
    .replace(/^(\d+)\.(?=\s)/u, "$1#46;")
    .replace(/^-(?=\s)/u, "#45;")

const dotText = (text: string): string => printable(text).replace(/[\\"]/g, "\\$&")
