/** Gives every node of a pipeline its name. */
import { Effect } from "effect"
import type { Node } from "../stage/node.ts"
import { BadWiring } from "./bad-wiring.ts"
import type { LoadedPipeline } from "./loaded.ts"
import { isOutput, outputsOf } from "./outputs.ts"

/** Plain enough for a command line, a file name and a diagram. */
const validName = /^[\p{L}\p{N}_][\p{L}\p{N}_.+=,:-]*(\/[\p{L}\p{N}_][\p{L}\p{N}_.+=,:-]*)*$/u

const namingRule = "use letters, digits and . _ + = , : - in names and in the keys of records"

/** A name that an object has from birth would be found in every table of nodes. */
const isName = (name: string): boolean => validName.test(name) && !(name in {})

/** `base`, or the first of `base+2`, `base+3`, … that no node has. */
const freeName = (base: string, taken: ReadonlySet<string>): string => {
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}+${count}`
  return name
}

/** Every node that `build` returned or that one of these depends on, with its name. */
export const nameNodes = Effect.fnUntraced(function* (pipeline: LoadedPipeline, record: unknown) {
  const names = new Map<Node, string>()
  const taken = new Set<string>()
  const problems: Array<BadWiring> = []
  const problem = (reason: string, hint: string) =>
    void problems.push(new BadWiring({ pipeline: pipeline.name, reason, hint }))

  const visit = (value: unknown, path: string): void => {
    if (isOutput(value)) {
      if (names.has(value.node)) return
      if (!isName(path)) problem(`a node cannot be called ${JSON.stringify(path)}`, namingRule)
      else if (taken.has(path))
        problem(
          `two nodes are called \`${path}\``,
          "give one of them another name in the record that `build` returns"
        )
      names.set(value.node, path)
      taken.add(path)
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, path === "" ? key : `${path}/${key}`)
    } else
      problem(
        `\`${path}\` is not what a stage returned`,
        "`build` returns a record of outputs, lists and records of them"
      )
  }
  visit(record, "")
  if (names.size === 0) problem("it has no nodes", "`build` returns a record with at least one output")

  // Nodes that the record leaves out are still computed; they are called after what they are for. A node that is
  // added while the map is walked is walked as well.
  for (const [node, name] of names) {
    for (const [input, wire] of Object.entries(node.inputs)) {
      for (const [key, output] of outputsOf(wire)) {
        if (!isOutput(output) || names.has(output.node)) continue
        const base = `${name}.${input}${key === "" ? "" : `.${key}`}`
        const free = freeName(base, taken)
        if (!isName(free)) problem(`a node cannot be called ${JSON.stringify(free)}`, namingRule)
        names.set(output.node, free)
        taken.add(free)
      }
    }
  }
  const [first] = problems
  if (first !== undefined) return yield* first
  return names
})
