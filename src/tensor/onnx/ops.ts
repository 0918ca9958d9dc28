/**
 * ONNX operations with their shapes, as small as they can be: what changes nothing is not there, and what follows from the
 * operation before is one with it.
 */
import {
  type Attributes,
  type Graph,
  madeBy,
  type Shape,
  sizeOf,
  type Value,
  type ValueType
} from "./graph.ts"

export const float = (graph: Graph, value: number): Value => graph.constant(Float32Array.of(value), [])

/** A list of integers, as shapes, axes and slices want it. */
export const integers = (graph: Graph, values: ReadonlyArray<number>): Value =>
  graph.constant(BigInt64Array.from(values, BigInt))

/** The shape of two operands that stretch to fit each other. The caller has checked that they do. */
export const broadcast = (a: Shape, b: Shape): Shape => {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1
    const y = b[axis - rank + b.length] ?? 1
    return x === 1 ? y : x
  })
}

export const unary = (graph: Graph, op: string, x: Value, attributes: Attributes = {}): Value =>
  graph.op(op, [x], x, attributes)

export const binary = (graph: Graph, op: string, a: Value, b: Value): Value =>
  elementwise(graph, op, [a, b], a.type)

export const compare = (graph: Graph, op: string, a: Value, b: Value): Value =>
  elementwise(graph, op, [a, b], "bool")

/**
 * ONNX Runtime stretches a single number over the last axis, span by span; over images of one channel that is element by
 * element, at sixty times the cost (measured: 0.98 ms instead of 0.017). So a last axis of one is taken off first.
 */
const elementwise = (graph: Graph, op: string, operands: ReadonlyArray<Value>, type: ValueType): Value => {
  const shape = operands.reduce<Shape>((all, operand) => broadcast(all, operand.shape), [])
  const isSimple = operands.every((x) => sizeOf(x.shape) === 1 || sameShape(x.shape, shape))
  if (shape.length < 2 || shape.at(-1) !== 1 || sizeOf(shape) === 1 || !isSimple)
    return graph.op(op, operands, { type, shape })
  const shorter = shape.slice(0, -1)
  const trimmed = operands.map((x) => reshape(graph, x, sizeOf(x.shape) === 1 ? [] : shorter))
  return reshape(graph, elementwise(graph, op, trimmed, type), shape)
}

export const add = (graph: Graph, a: Value, b: Value): Value => binary(graph, "Add", a, b)
export const sub = (graph: Graph, a: Value, b: Value): Value => binary(graph, "Sub", a, b)
export const mul = (graph: Graph, a: Value, b: Value): Value => binary(graph, "Mul", a, b)
export const div = (graph: Graph, a: Value, b: Value): Value => binary(graph, "Div", a, b)
export const and = (graph: Graph, a: Value, b: Value): Value => compare(graph, "And", a, b)
export const or = (graph: Graph, a: Value, b: Value): Value => compare(graph, "Or", a, b)
export const not = (graph: Graph, x: Value): Value => unary(graph, "Not", x)

/** `test ? a : b`, element by element. */
export const where = (graph: Graph, test: Value, a: Value, b: Value): Value => {
  // ONNX Runtime has no choice between booleans.
  if (a.type === "bool") return or(graph, and(graph, test, a), and(graph, not(graph, test), b))
  return elementwise(graph, "Where", [test, a, b], a.type)
}

const elementTypes: { readonly [type in ValueType]: number } = { float32: 1, int32: 6, int64: 7, bool: 9 }

export const cast = (graph: Graph, x: Value, type: ValueType): Value =>
  x.type === type ? x : graph.op("Cast", [x], { type, shape: x.shape }, { to: elementTypes[type] })

export const reshape = (graph: Graph, x: Value, shape: Shape): Value => {
  if (sameShape(x.shape, shape)) return x
  if (x.source._tag === "Constant") return graph.constant(x.source.data, shape)
  const before = madeBy(x, "Reshape")?.inputs[0]
  if (before !== undefined) return reshape(graph, before, shape)
  // A zero in a shape would otherwise stand for "as it was".
  const attributes: Attributes = shape.includes(0) ? { allowzero: 1 } : {}
  return graph.op("Reshape", [x, integers(graph, shape)], { type: x.type, shape }, attributes)
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

export const transpose = (graph: Graph, x: Value, order: ReadonlyArray<number>): Value => {
  const shape = order.map((axis) => x.shape[axis] ?? 1)
  const before = madeBy(x, "Transpose")
  const [first] = before?.inputs ?? []
  if (before !== undefined && first !== undefined) {
    const earlier = before.attributes["perm"]
    if (Array.isArray(earlier))
      return transpose(
        graph,
        first,
        order.map((axis) => Number(earlier[axis]))
      )
  }
  // Axes of one element may stand anywhere.
  const long = order.filter((axis) => x.shape[axis] !== 1)
  if (long.every((axis, at) => at === 0 || axis > (long[at - 1] ?? 0))) return reshape(graph, x, shape)
  return graph.op("Transpose", [x], { type: x.type, shape }, { perm: order })
}

/** A product of matrices, `[m, k]` by `[k, n]`; either may come transposed. */
export const product = (
  graph: Graph,
  a: Value,
  b: Value,
  {
    transposeA = false,
    transposeB = false
  }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}
): Value => {
  const m = a.shape[transposeA ? 1 : 0] ?? 1
  const n = b.shape[transposeB ? 0 : 1] ?? 1
  const spec = { type: a.type, shape: [m, n] }
  if (!transposeA && !transposeB) return graph.op("MatMul", [a, b], spec)
  return graph.op("Gemm", [a, b], spec, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 })
}

/** A product of stacks of matrices, whose leading axes stretch to fit each other. */
export const stackedProduct = (graph: Graph, a: Value, b: Value): Value => {
  const shape = [
    ...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)),
    a.shape.at(-2) ?? 1,
    b.shape.at(-1) ?? 1
  ]
  return graph.op("MatMul", [a, b], { type: a.type, shape })
}

export const concat = (graph: Graph, values: ReadonlyArray<Value>, axis: number): Value => {
  const [first] = values
  if (first === undefined) throw new Error("nothing to concatenate")
  if (values.length === 1) return first
  const length = values.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0)
  const shape = first.shape.map((size, at) => (at === axis ? length : size))
  return graph.op("Concat", values, { type: first.type, shape }, { axis })
}

export interface Range {
  readonly axis: number
  readonly begin: number
  readonly end: number
  readonly step?: number
}

/** Parts along some axes. `begin` and `end` are inside the axis; a negative step runs from `begin` down to above `end`. */
export const slice = (graph: Graph, x: Value, ranges: ReadonlyArray<Range>): Value => {
  const real = ranges.filter(
    ({ axis, begin, end, step = 1 }) => begin !== 0 || end !== x.shape[axis] || step !== 1
  )
  if (real.length === 0) return x
  const shape = x.shape.map((size, at) => {
    const range = real.find(({ axis }) => axis === at)
    if (range === undefined) return size
    return Math.max(0, Math.ceil((range.end - range.begin) / (range.step ?? 1)))
  })
  // Below zero ONNX counts from the end; "before the first element" is the smallest number.
  const ends = real.map(({ end }) => (end < 0 ? -(2 ** 31) : end))
  const lists = [
    real.map(({ begin }) => begin),
    ends,
    real.map(({ axis }) => axis),
    real.map(({ step = 1 }) => step)
  ]
  return graph.op("Slice", [x, ...lists.map((list) => integers(graph, list))], { type: x.type, shape })
}

/**
 * Elements of one axis by their number: `indices`' shape takes the axis' place.
 *
 * @param again tells apart what is not to be shared with the same operation elsewhere
 */
export const gather = (graph: Graph, x: Value, indices: Value, axis: number, again?: object): Value => {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  return graph.op("Gather", [x, indices], { type: x.type, shape }, { axis }, again)
}

export const expand = (graph: Graph, x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : graph.op("Expand", [x, integers(graph, shape)], { type: x.type, shape })

/** A tensor of one value. */
export const filled = (graph: Graph, value: number, shape: Shape, type: ValueType = "float32"): Value =>
  expand(graph, scalar(graph, value, type), shape)

export const pad = (
  graph: Graph,
  x: Value,
  before: ReadonlyArray<number>,
  after: ReadonlyArray<number>,
  value: number,
  mode: "constant" | "reflect" | "edge" = "constant"
): Value => {
  if ([...before, ...after].every((count) => count === 0)) return x
  const shape = x.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0))
  const fill = mode === "constant" ? scalar(graph, value, x.type) : undefined
  return graph.op("Pad", [x, integers(graph, [...before, ...after]), fill], { type: x.type, shape }, { mode })
}

type Reduction = "Sum" | "Max" | "Min" | "Mean" | "Prod"

/** ONNX 17 takes the axes of a sum as an input and those of the others as an attribute. */
export const reduce = (
  graph: Graph,
  kind: Reduction,
  x: Value,
  axes: ReadonlyArray<number>,
  keep = false
): Value => {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const shape = keep ? kept : x.shape.filter((_, axis) => !axes.includes(axis))
  // One element is its own sum, maximum and mean.
  if (axes.every((axis) => x.shape[axis] === 1)) return reshape(graph, x, shape)
  const keepdims = keep ? 1 : 0
  if (kind === "Sum")
    return graph.op("ReduceSum", [x, integers(graph, axes)], { type: x.type, shape }, { keepdims })
  return graph.op(`Reduce${kind}`, [x], { type: x.type, shape }, { axes, keepdims })
}

/** 1 where x > 0, else 0. */
export const step = (graph: Graph, x: Value): Value =>
  cast(graph, compare(graph, "Greater", x, cast(graph, float(graph, 0), x.type)), "float32")

export const split = (
  graph: Graph,
  x: Value,
  parts: ReadonlyArray<number>,
  axis: number,
  again?: object
): ReadonlyArray<Value> => {
  if (parts.length === 1) return [x]
  const specs = parts.map((size) => ({
    type: x.type,
    shape: x.shape.map((whole, at) => (at === axis ? size : whole))
  }))
  return graph.node("Split", [x, integers(graph, parts)], specs, { axis }, again).outputs
}

export { sizeOf }

/** One number of any type, as a constant. Integers are exact, which a `float` that is cast is not. */
export const scalar = (graph: Graph, value: number, type: ValueType): Value => {
  if (type === "float32") return float(graph, value)
  if (type === "int32") return graph.constant(Int32Array.of(value), [])
  return type === "bool"
    ? graph.constant(Uint8Array.of(value === 0 ? 0 : 1), [])
    : graph.constant(BigInt64Array.of(BigInt(value)), [])
}
