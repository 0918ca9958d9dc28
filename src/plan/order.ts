/** Puts nodes into an order in which every node comes after those it depends on. */
import { Effect, Schema } from "effect"

export type Wiring = {
  readonly [input: string]: string | ReadonlyArray<string> | { readonly [key: string]: string }
}

/** Nodes that depend on each other in a circle. */
export class CyclicPipeline extends Schema.TaggedError<CyclicPipeline>()("CyclicPipeline", {
  pipeline: Schema.String,
  path: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.pipeline}: nodes depend on each other in a circle: ${this.path.join(" → ")}`
  }
  get hint() {
    return "a list or record was changed after it was passed to a stage; build it first, then pass it"
  }
}

/** The names of the nodes that a node takes its inputs from, in order, each once. */
export const dependenciesOf = (inputs: Wiring): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const wire of Object.values(inputs)) {
    if (typeof wire === "string") names.add(wire)
    else for (const name of Object.values(wire)) names.add(name)
  }
  return [...names]
}

/** Sorts nodes topologically; among nodes that could come next, the first of the pipeline comes first. */
export const topologicalOrder = <N extends { readonly name: string; readonly inputs: Wiring }>(
  pipeline: string,
  nodes: ReadonlyArray<N>
): Effect.Effect<ReadonlyArray<N>, CyclicPipeline> => {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const state = new Map<string, "open" | "done">()
  const ordered: Array<N> = []
  for (const root of nodes) {
    // A stack of our own: a chain of ten thousand nodes must not exhaust the engine's.
    const stack: Array<{ readonly node: N; readonly rest: Array<string> }> = []
    const enter = (node: N) => {
      state.set(node.name, "open")
      stack.push({ node, rest: [...dependenciesOf(node.inputs)].reverse() })
    }
    if (!state.has(root.name)) enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.rest.pop()
      const next = name === undefined ? undefined : byName.get(name)
      if (next === undefined) {
        if (name !== undefined) continue
        stack.pop()
        state.set(top.node.name, "done")
        ordered.push(top.node)
      } else if (state.get(next.name) === "open") {
        const path = stack.map(({ node }) => node.name)
        return new CyclicPipeline({ pipeline, path: [...path.slice(path.indexOf(next.name)), next.name] })
      } else if (!state.has(next.name)) enter(next)
    }
  }
  return Effect.succeed(ordered)
}
