/** Copies a graph, replacing nodes on the way. What nobody needs any more is left behind. */
import { Graph, type Node, type Value } from "./graph.ts"

export interface Rebuild {
  /** The graph being made. */
  readonly graph: Graph
  /** What an old value has become. */
  readonly now: (value: Value) => Value
}

/**
 * @param outputs other outputs than the old ones: values of the old graph
 * @param rule replaces an old node's outputs by values of the new graph; `undefined` copies the node
 */
export const rebuild = (
  old: Graph,
  rule: (node: Node, context: Rebuild) => ReadonlyArray<Value> | undefined,
  { outputs = old.outputs }: { readonly outputs?: Iterable<readonly [string, Value]> } = {}
): Graph => {
  const graph = new Graph()
  const map = new Map<Value, Value>()
  for (const input of old.inputs) {
    if (input.source._tag === "Input") map.set(input, graph.input(input.source.name, input))
  }
  const now = (value: Value): Value => {
    const known = map.get(value)
    if (known !== undefined) return known
    if (value.source._tag !== "Constant") throw new Error(`value ${value.id} is asked for before it is made`)
    const made = graph.constant(value.source.data, value.shape)
    map.set(value, made)
    return made
  }
  for (const node of old.ordered()) {
    const replaced =
      rule(node, { graph, now }) ??
      graph.node(
        node.op,
        node.inputs.map((input) => (input === undefined ? undefined : now(input))),
        node.outputs,
        node.attributes,
        node.macro
      ).outputs
    for (const [at, output] of node.outputs.entries()) {
      const value = replaced[at]
      if (value !== undefined) map.set(output, value)
    }
  }
  for (const [name, value] of outputs) graph.output(name, now(value))
  return graph
}
