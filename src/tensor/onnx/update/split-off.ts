/**
 * Takes the update of the state out of the graph.
 *
 * The last operations before new state are elementwise: an optimiser's. They go into kernels that make one pass over
 * memory and write the state in place; the graph ends at the gradients. Whatever is not of that kind stays.
 */
import { type Graph, type Node, only, sizeOf, type Value } from "../graph.ts"
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
  const groups = grouped(nodes, writtenOver(graph))
  const made = new Map<Value, string>()
  const updates = groups.map((group) => updateOf(group, graph, state, made))
  const taken = new Set(updates.flatMap(({ results }) => results))

  // Kernels' memory has addresses of 32 bits.
  const bytes = updates.reduce(
    (sum, { elements, arrays, results }) => sum + 4 * elements * (arrays.length + results.length),
    0
  )
  if (bytes > 2 ** 31) return { graph, updates: [] }

  const before = rebuild(graph, () => undefined, {
    outputs: [
      ...[...graph.outputs].filter(([name]) => !taken.has(name)),
      ...[...made].map(([value, name]) => [name, value] as const)
    ]
  })
  return { graph: before, updates }
}

const isKernelOp = (op: string): op is KernelOp => Object.hasOwn(opcodes, op)

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

/** For each value that is new state, the value that it is written over. */
const writtenOver = (graph: Graph): ReadonlyMap<Value, ReadonlyArray<Value>> => {
  const old = new Map(
    graph.inputs.flatMap((value) => (value.source._tag === "Input" ? [[value.source.name, value]] : []))
  )
  const over = new Map<Value, Array<Value>>()
  for (const [name, value] of graph.outputs) {
    const before = old.get(name)
    if (before !== undefined) over.set(value, [...(over.get(value) ?? []), before])
  }
  return over
}

/**
 * Nodes that share arrays, or of which one writes over what the other reads: they must be one kernel, which reads four
 * numbers of everything before it writes any.
 */
const grouped = (
  nodes: ReadonlyArray<Node>,
  over: ReadonlyMap<Value, ReadonlyArray<Value>>
): ReadonlyArray<ReadonlyArray<Node>> => {
  const next = new Map<Value, Value>()
  const groupOf = (value: Value): Value => {
    const other = next.get(value)
    return other === undefined ? value : groupOf(other)
  }
  const join = (a: Value, b: Value): void => {
    const [from, to] = [groupOf(a), groupOf(b)]
    if (from !== to) next.set(from, to)
  }
  for (const { inputs, outputs } of nodes) {
    const [result] = outputs
    if (result === undefined) continue
    for (const value of [...inputs, ...(over.get(result) ?? [])]) {
      const isArray = value !== undefined && value.shape.join() === result.shape.join()
      if (isArray && value.source._tag !== "Constant") join(value, result)
    }
  }
  const groups = new Map<Value, Array<Node>>()
  for (const node of nodes) {
    const group = groupOf(only(node.outputs))
    groups.set(group, [...(groups.get(group) ?? []), node])
  }
  return [...groups.values()]
}

/** For a value that becomes an output of the graph: a name that the step has not taken. */
const freeName = ({ id }: Value, { outputs }: Graph, state: ReadonlySet<string>): string => {
  let name = `update.${id}`
  while (outputs.has(name) || state.has(name)) name += "'"
  return name
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
    const number = value.source._tag === "Node" ? numberOf.get(value.source.node) : undefined
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
    const name = made.get(value) ?? freeName(value, graph, state)
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
