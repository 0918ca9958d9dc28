/**
 * Pools before adding a bias and before rectifying.
 *
 * `max(relu(x + b)) = relu(max(x) + b)`, to the last bit, because rounding keeps order; and the pool leaves a quarter of
 * the elements or less. The gradient follows: what is rectified away is so for the whole window, and a constant added to
 * all of a window does not move its maximum; where adding would round two numbers to one, the greater of them gets the
 * gradient, not the first. The sum of a pool's gradient is the sum of what came in.
 */
import { type Graph, madeBy, type Node, type Shape, sizeOf, uniformConstant, type Value } from "../graph.ts"
import { add, mul, reduce, reshape, sameShape, step, unary } from "../ops.ts"
import { rebuild } from "../rebuild.ts"
import { keepsLastAxis } from "./row-sums.ts"

export const poolFirst = (graph: Graph): Graph =>
  rebuild(graph, (node, { graph: made, now }) => {
    const inputs = node.inputs.flatMap((value) => (value === undefined ? [] : [now(value)]))
    const [a, b, c] = inputs
    const { macro } = node
    if (node.op === "@MaxPool" && a !== undefined && macro !== undefined) return [maxPool(made, a, node)]
    if (
      node.op === "@MaxPoolGradient" &&
      a !== undefined &&
      b !== undefined &&
      c !== undefined &&
      macro !== undefined
    )
      return [gradient(made, a, b, c, node)]
    if (node.op === "Mul" && a !== undefined && b !== undefined) {
      const rectified = rectifiedGradient(made, a, b) ?? rectifiedGradient(made, b, a)
      return rectified === undefined ? undefined : [rectified]
    }
    if (node.op === "ReduceSum" && a !== undefined) {
      const sum = keepsLastAxis(a, b) ? sumOfGradient(made, a, node.outputs[0]?.shape ?? []) : undefined
      return sum === undefined ? undefined : [sum]
    }
    return undefined
  })

/** The value before any change of shape. */
const plain = (value: Value): Value => {
  const before = madeBy(value, "Reshape")?.inputs[0]
  return before === undefined ? value : plain(before)
}

/** What the pool may look at instead of `image`: `image` is a function of it that keeps order within a channel. */
const under = (
  graph: Graph,
  image: Value
): { readonly value: Value; readonly redo: (pooled: Value) => Value } | undefined => {
  const [rectified] = madeBy(plain(image), "Relu")?.inputs ?? []
  if (rectified !== undefined)
    return { value: reshape(graph, rectified, image.shape), redo: (pooled) => unary(graph, "Relu", pooled) }
  const [x, y] = madeBy(plain(image), "Add")?.inputs ?? []
  if (x === undefined || y === undefined) return undefined
  const channels = image.shape.at(-1) ?? 1
  const [value, bias] = isBias(y, x, channels) ? [x, y] : isBias(x, y, channels) ? [y, x] : []
  if (value === undefined || bias === undefined) return undefined
  return {
    value: reshape(graph, value, image.shape),
    redo: (pooled) => add(graph, pooled, reshape(graph, bias, [channels]))
  }
}

const isBias = (bias: Value, to: Value, channels: number): boolean =>
  sizeOf(bias.shape) === channels && bias.shape.at(-1) === channels && to.shape.at(-1) === channels

const maxPool = (graph: Graph, image: Value, node: Pick<Node, "macro" | "outputs">): Value => {
  const below = under(graph, image)
  if (below !== undefined) return below.redo(maxPool(graph, below.value, node))
  const [spec] = node.outputs
  if (spec === undefined) throw new Error("a pool has one output")
  return graph.op("@MaxPool", [image], spec, {}, node.macro)
}

/** The gradient of a pool of `image`; a bias under the pool makes no difference to it. */
const gradient = (
  graph: Graph,
  given: Value,
  image: Value,
  pooled: Value,
  node: Pick<Node, "macro" | "outputs">
): Value => {
  const isRectified = madeBy(plain(image), "Relu") !== undefined
  const below = isRectified ? undefined : under(graph, image)
  if (below !== undefined) {
    const lower = maxPool(graph, below.value, { macro: node.macro, outputs: [pooled] })
    return gradient(graph, given, below.value, lower, node)
  }
  const [spec] = node.outputs
  if (spec === undefined) throw new Error("a gradient has one output")
  return graph.op("@MaxPoolGradient", [given, image, pooled], spec, {}, node.macro)
}

/** A pool's gradient, cut off where the pool's input was rectified: the same as cutting off what comes in. */
const rectifiedGradient = (graph: Graph, pooledGradient: Value, cut: Value): Value | undefined => {
  const node = madeBy(plain(pooledGradient), "@MaxPoolGradient")
  const [given, image, pooled] = node?.inputs ?? []
  if (node === undefined || given === undefined || image === undefined || pooled === undefined)
    return undefined
  const [rectified] = madeBy(plain(image), "Relu")?.inputs ?? []
  const looked = cutBy(cut)
  if (!sameShape(pooledGradient.shape, cut.shape)) return undefined
  if (rectified === undefined || looked === undefined) return undefined
  if (plain(looked) !== plain(rectified) && plain(looked) !== plain(image)) return undefined
  const lowerImage = reshape(graph, rectified, image.shape)
  const lowerPooled = maxPool(graph, lowerImage, { macro: node.macro, outputs: [pooled] })
  const passed = mul(graph, given, step(graph, unary(graph, "Relu", lowerPooled)))
  return reshape(graph, gradient(graph, passed, lowerImage, lowerPooled, node), pooledGradient.shape)
}

/** What a mask of ones and zeros looks at, if it says where that is above zero. */
const cutBy = (mask: Value): Value | undefined => {
  const [looked, zero] = madeBy(madeBy(mask, "Cast")?.inputs[0], "Greater")?.inputs ?? []
  return uniformConstant(zero) === 0 ? looked : undefined
}

const sumOfGradient = (graph: Graph, summed: Value, shape: Shape): Value | undefined => {
  const [given] = madeBy(plain(summed), "@MaxPoolGradient")?.inputs ?? []
  const channels = summed.shape.at(-1)
  if (given === undefined || sizeOf(shape) !== channels || given.shape.at(-1) !== channels) return undefined
  return reshape(graph, reduce(graph, "Sum", given, [0, 1]), shape)
}
