/**
 * Lets a convolution that only a pool reads make its pixels in the order of the pool's windows.
 *
 * The pool is then a maximum over one axis, its gradient comes out in the same order, and the convolution's gradients
 * take it as it is: nothing is moved. Pixels that no window holds are not computed at all.
 */
import { type Graph, madeBy, type Node, type Value } from "../graph.ts"
import { reduce, reshape } from "../ops.ts"
import { rebuild } from "../rebuild.ts"
import { inPoolOrder, isPartition, isWindows, type Windows } from "../windows.ts"

interface Reordered {
  readonly pool: Windows
  readonly windows: Windows
  readonly part: "convolution" | "alias" | "pool" | "pool gradient" | "gradient"
}

export const poolOrder = (graph: Graph): Graph => {
  const plan = planOf(graph)
  if (plan.size === 0) return graph
  return rebuild(graph, (node, { graph: made, now }) => {
    const found = plan.get(node)
    if (found === undefined) return undefined
    const inputs = node.inputs.flatMap((value) => (value === undefined ? [] : [now(value)]))
    return [reordered(made, node, found, inputs)]
  })
}

const reordered = (
  graph: Graph,
  node: Node,
  { part, pool, windows }: Reordered,
  inputs: ReadonlyArray<Value>
): Value => {
  const [a, b, c] = inputs
  const [spec] = node.outputs
  if (a === undefined || spec === undefined) throw new Error(`${node.op} came without input`)
  const [n = 1] = spec.shape
  if (part === "alias") return a
  if (part === "pool") return reduce(graph, "Max", byWindow(graph, a, pool), [1])
  if (part === "convolution") {
    const shape = [n, windows.outputPixels, spec.shape.at(-1) ?? 1]
    return graph.op(node.op, [a, b], { type: spec.type, shape }, {}, windows)
  }
  if (part === "gradient") return graph.op(node.op, [a, b], spec, {}, windows)
  if (b === undefined || c === undefined) throw new Error(`${node.op} came without its inputs`)
  const grouped = byWindow(graph, b, pool)
  const each = graph.op("@WindowGradient", [a, grouped, c], grouped)
  return reshape(graph, each, [n, windows.outputPixels, grouped.shape.at(-1) ?? 1])
}

/** `[n, taps, windows, channels]` */
const byWindow = (graph: Graph, x: Value, pool: Windows): Value =>
  reshape(graph, x, [x.shape[0] ?? 1, pool.taps, pool.outputPixels, x.shape.at(-1) ?? 1])

const planOf = (graph: Graph): ReadonlyMap<Node, Reordered> => {
  const readers = graph.readers()
  const outputs = new Set(graph.outputs.values())
  const plan = new Map<Node, Reordered>()
  for (const node of graph.ordered()) {
    if (node.op !== "@MaxPool") continue
    const found = partsAround(node, readers, outputs)
    for (const [part, reordering] of found ?? []) plan.set(part, reordering)
  }
  return plan
}

/** All nodes that see the pixels between a convolution and a pool; `undefined` if one of them needs them in order. */
const partsAround = (
  poolNode: Node,
  readers: ReadonlyMap<Value, ReadonlyArray<Node>>,
  outputs: ReadonlySet<Value>
): ReadonlyMap<Node, Reordered> | undefined => {
  const convolution = convolutionUnder(poolNode.inputs[0])
  const pool = poolNode.macro
  const around = convolution?.macro
  if (convolution === undefined || !isWindows(pool) || !isWindows(around) || !isPartition(pool))
    return undefined
  const channels = convolution.outputs[0]?.shape.at(-1)
  // A change of shape between them may make other images of the pixels, or other pixels of the channels.
  const hasItsPixels = (value: Value | undefined) => value?.shape.at(-1) === channels
  if (pool.inputPixels !== around.outputPixels || !hasItsPixels(poolNode.inputs[0])) return undefined
  const windows = inPoolOrder(around, pool)
  const parts = new Map<Node, Reordered>([[convolution, { part: "convolution", pool, windows }]])
  const add = (node: Node, part: Reordered["part"]) => parts.set(node, { part, pool, windows })

  const forward = follow(convolution.outputs[0], readers, outputs)
  if (forward === undefined) return undefined
  for (const alias of forward.aliases) add(alias, "alias")
  for (const node of forward.others) {
    if (node === poolNode) add(node, "pool")
    else if (
      node.op === "@MaxPoolGradient" &&
      node.macro === pool &&
      hasItsPixels(node.inputs[1]) &&
      !forward.values.has(node.inputs[0])
    ) {
      add(node, "pool gradient")
      const backward = follow(node.outputs[0], readers, outputs)
      if (backward === undefined) return undefined
      for (const alias of backward.aliases) add(alias, "alias")
      for (const gradient of backward.others) {
        if (!isGradientOf(gradient, around, backward.values, channels)) return undefined
        add(gradient, "gradient")
      }
    } else return undefined
  }
  return parts
}

/** Whether a convolution's gradient takes one of `values` as what is given to the convolution's result, and only so. */
const isGradientOf = (
  { op, macro, inputs: [a, b] }: Node,
  windows: Windows,
  values: ReadonlySet<Value | undefined>,
  channels: number | undefined
): boolean => {
  if (macro !== windows) return false
  if (op === "@ConvFilterGradient") return !values.has(a) && b?.shape.at(-1) === channels
  return op === "@ConvImageGradient" && !values.has(b) && a?.shape.at(-1) === channels
}

/** Who reads a value, through changes of shape; `undefined` where it leaves the graph. */
const follow = (
  value: Value | undefined,
  readers: ReadonlyMap<Value, ReadonlyArray<Node>>,
  outputs: ReadonlySet<Value>
) => {
  const values = new Set<Value | undefined>()
  const aliases: Array<Node> = []
  const others: Array<Node> = []
  const queue = value === undefined ? [] : [value]
  for (let each = queue.pop(); each !== undefined; each = queue.pop()) {
    if (outputs.has(each)) return undefined
    values.add(each)
    for (const reader of readers.get(each) ?? []) {
      if (reader.op !== "Reshape") others.push(reader)
      else {
        aliases.push(reader)
        queue.push(...reader.outputs)
      }
    }
  }
  return { values, aliases, others }
}

const convolutionUnder = (value: Value | undefined): Node | undefined => {
  const found = madeBy(value, "@Conv")
  if (found !== undefined) return found
  const reshaped = madeBy(value, "Reshape")
  return reshaped === undefined ? undefined : convolutionUnder(reshaped.inputs[0])
}
