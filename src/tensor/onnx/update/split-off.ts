/**
 * Takes the update of the state out of the graph.
 *
 * The last operations before new state are elementwise: an optimiser's. They go into kernels that make one pass over
 * memory and write the state in place; the graph ends at the gradients. Whatever is not of that kind stays.
 */
import { type Graph, type Node, sizeOf, type Value } from "../graph.ts"
import { rebuild } from "../rebuild.ts"
import { type ElementwiseProgram, type Instruction, type KernelOp, type Operand, opcodes } from "./kernel.ts"

/** Where a kernel's operand comes from: what a run is given, the state, or an output of the graph. */
export type Place =
  | { readonly _tag: "Input"; readonly name: string }
  | { readonly _tag: "State"; readonly name: string }
  | { readonly _tag: "Made"; readonly name: string }

export interface Update {
  readonly program: ElementwiseProgram
  /** Elements of each array. */
  readonly elements: number
  readonly arrays: ReadonlyArray<Place>
  /** Each of one element. */
  readonly scalars: ReadonlyArray<Place>
  /** The state that each result is. */
  readonly results: ReadonlyArray<string>
}

export interface Split {
  /** The graph without the updates. Its further outputs are those that a `Made` place names. */
  readonly graph: Graph
  readonly updates: ReadonlyArray<Update>
}

/** @param state the names that are state, as inputs and as outputs */
export const splitOff = (graph: Graph, state: ReadonlySet<string>): Split => {
  const nodes = updateNodes(graph, state)
  const groups = grouped(nodes)
  const made = new Map<Value, string>()
  const updates = groups.map((group) => updateOf(group, graph, state, made))
  const taken = new Set(updates.flatMap(({ results }) => results))

  const before = rebuild(graph, () => undefined, {
    outputs: [
      ...[...graph.outputs].filter(([name]) => !taken.has(name)),
      ...[...made].map(([value, name]) => [name, value] as const)
    ]
  })
  return { graph: before, updates }
}

const isKernelOp = (op: string): op is KernelOp => Object.hasOwn(opcodes, op)

const nodeOf = (value: Value | undefined): Node | undefined =>
  value?.source._tag === "Node" ? value.source.node : undefined

/** Nodes that only new state needs, and that kernels can do; each after those it needs. */
const updateNodes = (graph: Graph, state: ReadonlySet<string>): ReadonlyArray<Node> => {
  const readers = graph.readers()
  const outputs = [...graph.outputs]
  const found = new Set<Node>()
  for (const node of [...graph.ordered()].reverse()) {
    const [result, ...others] = node.outputs
    if (result === undefined || others.length > 0 || !isKernelOp(node.op) || result.type !== "float32")
      continue
    const names = outputs.flatMap(([name, value]) => (value === result ? [name] : []))
    if (!names.every((name) => state.has(name))) continue
    // What others read as one number, or what the graph reads, must be there before any kernel runs.
    const isRead = (reader: Node) =>
      found.has(reader) && reader.outputs[0]?.shape.join() === result.shape.join()
    if (!(readers.get(result) ?? []).every(isRead)) continue
    if (node.inputs.every((input) => input !== undefined && fits(input, result))) found.add(node)
  }
  return graph.ordered().filter((node) => found.has(node))
}

/** Whether a kernel can read an operand: element by element, or as one number. */
const fits = (operand: Value, result: Value): boolean =>
  operand.type === "float32" &&
  (operand.shape.join() === result.shape.join() ||
    (sizeOf(operand.shape) === 1 && operand.shape.length <= result.shape.length))

/** Nodes that share arrays: they must run as one, because a kernel writes over what another may still have to read. */
const grouped = (nodes: ReadonlyArray<Node>): ReadonlyArray<ReadonlyArray<Node>> => {
  const groupOf = new Map<Value | Node, Set<Node>>()
  for (const node of nodes) {
    const [result] = node.outputs
    const arrays = node.inputs.filter(
      (input) => input !== undefined && input.shape.join() === result?.shape.join()
    )
    const group = new Set([node])
    for (const key of [...arrays, ...node.outputs]) {
      if (key === undefined || key.source._tag === "Constant") continue
      for (const member of groupOf.get(key) ?? []) group.add(member)
    }
    for (const member of group) {
      groupOf.set(member, group)
      for (const value of [...member.inputs, ...member.outputs])
        if (value !== undefined && value.shape.join() === result?.shape.join()) groupOf.set(value, group)
    }
  }
  const order = new Map(nodes.map((node, at) => [node, at]))
  const sorted = (group: ReadonlySet<Node>) =>
    [...group].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  return [...new Set(nodes.map((node) => groupOf.get(node)))].flatMap((group) =>
    group === undefined ? [] : [sorted(group)]
  )
}

const updateOf = (
  group: ReadonlyArray<Node>,
  graph: Graph,
  state: ReadonlySet<string>,
  made: Map<Value, string>
): Update => {
  const shape = group[0]?.outputs[0]?.shape ?? []
  const arrays: Array<Value> = []
  const scalars: Array<Value> = []
  const numberOf = new Map(group.map((node, at) => [node, at]))
  const indexIn = (list: Array<Value>, value: Value): number => {
    if (!list.includes(value)) list.push(value)
    return list.indexOf(value)
  }
  const operandOf = (value: Value): Operand => {
    const number = numberOf.get(nodeOf(value) ?? nowhere)
    if (number !== undefined) return { made: number }
    const constant =
      value.source._tag === "Constant" && sizeOf(value.shape) === 1 ? value.source.data[0] : undefined
    if (typeof constant === "number") return { constant }
    if (value.shape.join() === shape.join()) return { array: indexIn(arrays, value) }
    return { scalar: indexIn(scalars, value) }
  }
  const instructions: ReadonlyArray<Instruction> = group.flatMap(({ op, inputs }) =>
    isKernelOp(op)
      ? [{ op, operands: inputs.flatMap((input) => (input === undefined ? [] : [operandOf(input)])) }]
      : []
  )
  const results = group.flatMap((node, at) =>
    [...graph.outputs].flatMap(([name, value]) => (node.outputs.includes(value) ? [{ name, at }] : []))
  )
  const placeOf = (value: Value): Place => {
    if (value.source._tag === "Input") {
      const { name } = value.source
      return { _tag: state.has(name) ? "State" : "Input", name }
    }
    const name = made.get(value) ?? `update.${made.size}`
    made.set(value, name)
    return { _tag: "Made", name }
  }
  return {
    program: {
      arrays: arrays.length,
      scalars: scalars.length,
      instructions,
      results: results.map(({ at }) => at)
    },
    elements: sizeOf(shape),
    arrays: arrays.map(placeOf),
    scalars: scalars.map(placeOf),
    results: results.map(({ name }) => name)
  }
}

const nowhere: Node = { op: "", inputs: [], attributes: {}, macro: undefined, outputs: [] }
