/**
 * How other libraries lay out the same weights.
 *
 * Ours are TensorFlow's: convolutions `[height, width, in, out]`, dense layers `[in, out]`, features of a flattened image
 * with channels innermost. PyTorch has `[out, in, height, width]`, `[out, in]`, and channels outermost, so the layer that
 * comes after a flatten has its inputs in another order, too.
 */
import { elementsOf } from "../../../artifact/tensor-data.ts"
import { tensorsOf } from "../layer-shape.ts"
import type { Network } from "../network.ts"
import type { Shape } from "../shape.ts"

/** `native` is ours. */
export type WeightLayout = "native" | "pytorch"

/** One tensor in another layout. */
export interface TensorLayout {
  /** Its shape in the other layout. */
  readonly shape: Shape
  /**
   * Where our elements are there: our axes from the outermost, and how far apart their neighbours are there. Absent where
   * the order is the same.
   */
  readonly axes?: ReadonlyArray<Axis>
}

export interface Axis {
  readonly size: number
  readonly stride: number
}

/** The layout of each of a network's tensors, in the order of its layers. */
export const layoutsOf = (network: Network, layout: WeightLayout): ReadonlyMap<string, TensorLayout> => {
  const layouts = new Map<string, TensorLayout>()
  // The image that the features at hand were flattened from.
  let flattened: Shape | undefined
  for (const [index, layer] of network.layers.entries()) {
    const input = network.shapes[index - 1] ?? []
    const { parameters, statistics } = tensorsOf(layer, input)
    for (const [role, { shape }] of Object.entries({ ...parameters, ...statistics })) {
      const name = `${layer.name}.${role}`
      layouts.set(name, layout === "native" ? { shape } : inPyTorch(layer.type, shape, flattened))
    }
    if (layer.type === "flatten" && input.length === 3) flattened = input
    if (layer.type === "dense") flattened = undefined
  }
  return layouts
}

const inPyTorch = (type: string, shape: Shape, flattened: Shape | undefined): TensorLayout => {
  const [a = 1, b = 1, c = 1, d = 1] = shape
  if (type === "conv2d" && shape.length === 4) {
    return { shape: [d, c, a, b], axes: axes([a, b], [b, 1], [c, a * b], [d, a * b * c]) }
  }
  if (type === "depthwiseConv2d" && shape.length === 4) {
    return { shape: [c * d, 1, a, b], axes: axes([a, b], [b, 1], [c, a * b * d], [d, a * b]) }
  }
  if (type === "dense" && shape.length === 2) {
    return { shape: [b, a], axes: [...features(a, flattened), { size: b, stride: a }] }
  }
  // Batch normalisation of a flattened image.
  if (type === "batchNorm" && flattened !== undefined) return { shape, axes: features(a, flattened) }
  return { shape }
}

/** The axes of a row of features: height, width and channels where it was an image, with channels outermost there. */
const features = (count: number, flattened: Shape | undefined): ReadonlyArray<Axis> => {
  const [height = 1, width = 1, channels = 1] = flattened ?? []
  return flattened === undefined
    ? [{ size: count, stride: 1 }]
    : axes([height, width], [width, 1], [channels, height * width])
}

const axes = (...pairs: ReadonlyArray<readonly [size: number, stride: number]>): ReadonlyArray<Axis> =>
  pairs.map(([size, stride]) => ({ size, stride }))

/** Elements in another layout, in our order. */
export const toNative = (foreign: Float32Array, { axes }: TensorLayout): Float32Array => {
  if (axes === undefined) return foreign.slice()
  return foreign.length === 0 ? foreign : gather(foreign, axes)
}

/** Our elements, in another layout's order. */
export const fromNative = (native: Float32Array, { axes }: TensorLayout): Float32Array => {
  if (axes === undefined) return native.slice()
  const foreign = new Float32Array(native.length)
  for (const [index, place] of places(axes).entries()) foreign[place] = native[index] ?? 0
  return foreign
}

const gather = (foreign: Float32Array, axes: ReadonlyArray<Axis>): Float32Array => {
  const native = new Float32Array(foreign.length)
  for (const [index, place] of places(axes).entries()) native[index] = foreign[place] ?? 0
  return native
}

/** Where each of our elements is in the other layout. */
const places = (axes: ReadonlyArray<Axis>): Int32Array => {
  let table = new Int32Array(1)
  for (const { size, stride } of axes) {
    const longer = new Int32Array(table.length * size)
    for (let outer = 0; outer < table.length; outer++) {
      for (let inner = 0; inner < size; inner++) {
        longer[outer * size + inner] = (table[outer] ?? 0) + inner * stride
      }
    }
    table = longer
  }
  return table
}

/** How a tensor is written in errors: `fc1.weight [1600, 128]`. */
export const tensorText = (name: string, shape: Shape): string => `${name} [${shape.join(", ")}]`

/** Whether two shapes are the same. */
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && elementsOf(a) === elementsOf(b) && a.every((size, axis) => size === b[axis])
