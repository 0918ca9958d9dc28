/** What only moves numbers: flattening, the order of axes, and the lengths that a graph looks up for both. */
import { Effect } from "effect"
import { elementsOf } from "../../../artifact/tensor-data.ts"
import { anyNumber } from "../../onnx/graph.ts"
import { type Misfit, type Shape, shapeText } from "../shape.ts"
import { type Chain, newest, push, settle } from "./chain.ts"
import { type Constant, constantOf, fewNumbers, refuse } from "./constant.ts"
import { attributeOf, constantAt, intOf, intsOf, type Operator, type Reading, signalAt } from "./operator.ts"
import type { Signal, Value } from "./values.ts"

/** More axes than any tensor has. */
const mostAxes = 16

const same: Operator = ({ inputs: [value] }) =>
  value === undefined ? refuse("it reads nothing", "export the model again") : Effect.succeed(value)

const cast: Operator = (reading) => {
  const to = intOf(reading, "to", 0)
  const value = reading.inputs[0]
  const kept = value?.kind === "signal" ? to === 1 : value?.kind === "sizes" || to === 1 || to === 7
  return kept
    ? same(reading)
    : refuse(`it converts to element type ${to}`, "networks compute in float32: export the model in it")
}

const constant: Operator = (reading) => {
  const tensor = attributeOf(reading, "value")?.t
  if (tensor !== undefined && tensor !== null) return constantOf(tensor)
  const [name = ""] = reading.node.output
  const made = (shape: Shape, values: ReadonlyArray<number>, whole: boolean): Effect.Effect<Constant> =>
    Effect.succeed({ kind: "constant", name, shape, data: Float64Array.from(values), whole })
  for (const { name: form, f, i, floats, ints } of reading.node.attribute) {
    if (form === "value_float") return made([], [f], false)
    if (form === "value_int") return made([], [i], true)
    if (form === "value_floats") return made([floats.length], floats, false)
    if (form === "value_ints") return made([ints.length], ints, true)
  }
  return refuse("it holds no tensor of numbers", "export the model again")
}

const shape: Operator = Effect.fnUntraced(function* (reading) {
  const { dims } = yield* signalAt(reading, 0)
  const end = intOf(reading, "end", dims.length + 1)
  return { kind: "sizes", values: [anyNumber, ...dims].slice(intOf(reading, "start", 0), end) }
})

const gather: Operator = Effect.fnUntraced(function* (reading) {
  const values = yield* lengths(reading, 0)
  const found = (yield* lengths(reading, 1)).map((at) => values.at(at))
  return { kind: "sizes", values: found.filter((value) => value !== undefined) }
})

const slice: Operator = Effect.fnUntraced(function* (reading) {
  const values = yield* lengths(reading, 0)
  const [start = 0] = intsOf(reading, "starts") ?? (yield* lengths(reading, 1))
  const [end = values.length] = intsOf(reading, "ends") ?? (yield* lengths(reading, 2))
  return { kind: "sizes", values: values.slice(start, end) }
})

const concat: Operator = Effect.fnUntraced(function* (reading) {
  const lists = yield* Effect.forEach(reading.inputs, (_, at) => lengths(reading, at))
  const values = lists.flat()
  if (values.length > mostAxes)
    return yield* refuse("it makes a long list of lengths", "export the model again")
  return { kind: "sizes", values }
})

const transpose: Operator = Effect.fnUntraced(function* (reading) {
  const [value] = reading.inputs
  const perm = intsOf(reading, "perm")
  if (value?.kind === "constant" && value.shape.length === 2 && (perm ?? [1, 0]).join() === "1,0")
    return transposed(value)
  const signal = yield* newest(reading.chain, yield* signalAt(reading, 0))
  const order = perm?.join() === "0,3,1,2" ? "channels-last" : "channels-first"
  const known = perm?.join() === "0,3,1,2" || perm?.join() === "0,2,3,1"
  if (!known || signal.dims.length !== 3 || (signal.order !== "unknown" && signal.order !== order)) {
    return yield* refuse(
      `it moves the axes of [n, ${signal.dims.join(", ")}] by ${shapeText(perm ?? [])}`,
      "images have channels first or last: perm is [0, 3, 1, 2] or [0, 2, 3, 1]"
    )
  }
  const settled = yield* settle(reading.chain, { ...signal, order })
  const dims = perm.slice(1).map((axis) => settled.dims[axis - 1] ?? 0)
  return { ...settled, dims, order: order === "channels-last" ? "channels-first" : "channels-last" }
})

/** A matrix with its axes exchanged. */
export const transposed = (matrix: Constant): Constant => {
  const [rows = 0, columns = 0] = matrix.shape
  const data = matrix.data.slice()
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      data[column * rows + row] = matrix.data[row * columns + column] ?? 0
  return { ...matrix, shape: [columns, rows], data }
}

const flatten: Operator = Effect.fnUntraced(function* (reading) {
  const signal = yield* signalAt(reading, 0)
  const axis = intOf(reading, "axis", 1)
  if (axis !== 1 && axis !== -signal.dims.length)
    return yield* refuse(`it flattens from axis ${axis}`, "flatten each image alone: from axis 1")
  return yield* reshaped(reading.chain, signal, [elementsOf(signal.dims)])
})

const reshape: Operator = Effect.fnUntraced(function* (reading) {
  const [value] = reading.inputs
  const target = intsOf(reading, "shape") ?? (yield* lengths(reading, 1))
  if (value?.kind === "constant") {
    const open = value.data.length / elementsOf(target.filter((size) => size !== -1))
    const shaped = target.map((size) => (size === -1 ? open : size))
    return elementsOf(shaped) === value.data.length
      ? { ...value, shape: shaped }
      : yield* refuse(
          `\`${value.name}\` does not have the shape ${shapeText(target)}`,
          "export the model again"
        )
  }
  const signal = yield* signalAt(reading, 0)
  const keepsZero = intOf(reading, "allowzero", 0) === 1
  const [images = 0, ...rest] = target
  const full = rest.map((size, at) => (size === 0 && !keepsZero ? (signal.dims[at] ?? 0) : size))
  const known = elementsOf(full.filter((size) => size !== -1))
  const dims = full.map((size) => (size === -1 ? elementsOf(signal.dims) / known : size))
  const keepsImages = images === -1 || images === reading.batch || (images === 0 && !keepsZero)
  if (!keepsImages || dims.length === 0 || elementsOf(dims) !== elementsOf(signal.dims)) {
    return yield* refuse(
      `it makes ${shapeText(target)} of [n, ${signal.dims.join(", ")}]`,
      "the first axis counts images and has to stay as it is; export the model for any number of images"
    )
  }
  return yield* reshaped(reading.chain, signal, dims)
})

const squeeze: Operator = Effect.fnUntraced(function* (reading) {
  const [value] = reading.inputs
  if (value?.kind === "sizes") return value
  const old = yield* axesBefore(reading)
  const listed = yield* axesOf(reading, old.length)
  const taken = (size: number, axis: number) => (listed === undefined ? size === 1 : listed.includes(axis))
  if (old.some((size, axis) => size !== 1 && taken(size, axis)))
    return yield* refuse(
      `it takes away an axis of ${shapeText(old)} that is longer than one`,
      "export the model again"
    )
  return yield* withAxes(
    reading,
    old.filter((size, axis) => !taken(size, axis))
  )
})

const unsqueeze: Operator = Effect.fnUntraced(function* (reading) {
  const [value] = reading.inputs
  if (value?.kind === "sizes") return value
  const old = yield* axesBefore(reading)
  const listed = intsOf(reading, "axes") ?? (yield* lengths(reading, 1))
  const rank = old.length + listed.length
  if (rank > mostAxes) return yield* refuse(`it makes ${rank} axes`, "export the model again")
  const added = new Set(listed.map((axis) => (axis < 0 ? axis + rank : axis)))
  const rest = [...old]
  return yield* withAxes(
    reading,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)))
  )
})

/** The axes of what is reshaped, that of the images among them. */
const axesBefore = (reading: Reading): Effect.Effect<Shape, Misfit> => {
  const [value] = reading.inputs
  return value?.kind === "constant"
    ? Effect.succeed(value.shape)
    : Effect.map(signalAt(reading, 0), ({ dims }) => [anyNumber, ...dims])
}

const withAxes = Effect.fnUntraced(function* (
  reading: Reading,
  axes: Shape
): Effect.fn.Return<Value, Misfit> {
  const [value] = reading.inputs
  if (value?.kind === "constant") return { ...value, shape: axes }
  const [images, ...dims] = axes
  if (images !== anyNumber)
    return yield* refuse("it adds an axis before that of the images", "export the model again")
  return yield* reshaped(reading.chain, yield* signalAt(reading, 0), dims)
})

export const reshaping: { readonly [operator: string]: Operator } = {
  Identity: same,
  Cast: cast,
  Constant: constant,
  Shape: shape,
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Transpose: transpose,
  Flatten: flatten,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze
}

/** Another shape for each image, the numbers staying in their order. */
export const reshaped = Effect.fnUntraced(function* (
  chain: Chain,
  given: Signal,
  dims: Shape
): Effect.fn.Return<Signal, Misfit> {
  const signal = yield* newest(chain, given)
  if (dims.join() === signal.dims.join()) return signal
  // Nothing has looked at the input yet: these are the images.
  if (chain.links.length === 0 && signal.affine === undefined && (dims.length === 2 || dims.length === 3))
    return { ...signal, dims, order: "unknown" }
  if (dims.length !== 1) {
    return yield* refuse(
      `it makes [n, ${dims.join(", ")}] of [n, ${signal.dims.join(", ")}]`,
      "after the input, images are flattened and nothing else: export a model that is a chain of layers"
    )
  }
  const image = yield* settle(chain, signal)
  return yield* push(chain, { type: "flatten" }, image.order)
})

/** The axes that an operator names, as the input has them; nothing where it names none. */
export const axesOf = Effect.fnUntraced(function* (
  reading: Reading,
  rank: number
): Effect.fn.Return<ReadonlyArray<number> | undefined, Misfit> {
  const listed =
    intsOf(reading, "axes") ?? (reading.inputs[1] === undefined ? undefined : yield* lengths(reading, 1))
  return listed?.map((axis) => (axis < 0 ? axis + rank : axis))
})

/** A short list of whole numbers, looked up or from the file. */
const lengths = (reading: Reading, at: number): Effect.Effect<ReadonlyArray<number>, Misfit> => {
  const value: Value | undefined = reading.inputs[at]
  if (value?.kind === "sizes") return Effect.succeed(value.values)
  return Effect.flatMap(constantAt(reading, at), (found) =>
    found.whole
      ? fewNumbers(found, mostAxes)
      : refuse(
          `its input ${at + 1} \`${found.name}\` holds no whole numbers`,
          "a network here is one chain of layers"
        )
  )
}
