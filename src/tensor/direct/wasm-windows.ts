/** Windows that move over images: what the kernels of wasm-kernels.ts have in common. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"

const Pair = Schema.Tuple([Schema.Int, Schema.Int])

/** A shape of four axes. */
export const Shape = Schema.Tuple([Schema.Int, Schema.Int, Schema.Int, Schema.Int])

/** How a window moves, as TensorFlow.js's attributes say it. */
export const window = {
  strides: Schema.Union([Schema.Int, Pair]),
  /** Explicit padding is given per axis, before and after. */
  pad: Schema.Union([Schema.Literals(["valid", "same"]), Schema.Int, Schema.Tuple([Pair, Pair, Pair, Pair])])
}
export interface Window {
  readonly strides: typeof window.strides.Type
  readonly pad: typeof window.pad.Type
}

const Sizes = Schema.Union([Schema.Int, Pair])
/** The size of a pooling window. */
export const filterSize = Sizes

/** Steps down and to the right. */
export const stepsOf = ({ strides }: Window): readonly [number, number] =>
  typeof strides === "number" ? [strides, strides] : strides

/** Kernels are given tensors, though their types promise less. */
export const tensorOf = (inputs: tf.NamedTensorInfoMap, name: string): tf.Tensor => {
  const input = inputs[name]
  if (input instanceof tf.Tensor) return input
  throw new Error(`a kernel was called without its input ${name}`)
}

/** How many pixels to add before and after an axis, so that the filter fits at every place that it visits. */
export const extent = (
  pad: Window["pad"],
  axis: 1 | 2,
  size: number,
  outSize: number,
  filterSize: number,
  stride: number
): [number, number] => {
  const covered = (outSize - 1) * stride + filterSize
  const before =
    pad === "valid"
      ? 0
      : pad === "same"
        ? Math.floor(Math.max(0, covered - size) / 2)
        : typeof pad === "number"
          ? pad
          : pad[axis][0]
  return [before, Math.max(0, covered - size - before)]
}

/** Puts `by - 1` zeros after each element of the middle axis' only row. */
export const spread = (x: tf.Tensor, by: number): tf.Tensor =>
  by === 1
    ? x
    : tf.pad(x, [
        [0, 0],
        [0, by - 1],
        [0, 0]
      ])

/** Moves images down and right by an offset, which may be negative, and cuts or fills them up to a size. */
export const frame = (
  images: tf.Tensor4D,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number]
): tf.Tensor4D => {
  const [n, fromHeight, fromWidth, channels] = images.shape
  const cut = (offset: number, from: number, to: number) =>
    Math.min(from - Math.max(0, -offset), to - Math.max(0, offset))
  const [rows, columns] = [cut(top, fromHeight, height), cut(left, fromWidth, width)]
  const kept = tf.slice(images, [0, Math.max(0, -top), Math.max(0, -left), 0], [n, rows, columns, channels])
  return tf.pad(kept, [
    [0, 0],
    [Math.max(0, top), height - rows - Math.max(0, top)],
    [Math.max(0, left), width - columns - Math.max(0, left)],
    [0, 0]
  ])
}

/**
 * The pixels that one place of a window meets: from an offset on, one for every step. The backend has quick code for
 * that, which it calls pooling; its strided slice takes longer.
 *
 * @param images [n, h, w, c]
 * @returns [n, oh, ow, c]
 */
export const met = (
  images: tf.Tensor,
  [row, column]: readonly [number, number],
  [down, right]: readonly [number, number],
  [outHeight, outWidth]: readonly [number, number]
): tf.Tensor => {
  const [n = 0, , , channels = 0] = images.shape
  const size: [number, number, number, number] = [
    n,
    (outHeight - 1) * down + 1,
    (outWidth - 1) * right + 1,
    channels
  ]
  const from = tf.slice(tf.reshape<tf.Rank.R4>(images, [...four(images)]), [0, row, column, 0], size)
  return down === 1 && right === 1 ? from : tf.maxPool(from, 1, [down, right], "valid")
}

const four = ({
  shape: [n = 0, height = 0, width = 0, channels = 0]
}: tf.Tensor): [number, number, number, number] => [n, height, width, channels]

/**
 * Puts what came of each place of a window back where the window had been: apart by its steps, moved by an offset, in an
 * image of the given size.
 *
 * @param part [n, oh, ow, c]
 * @returns [n, h, w, c]
 */
export const putBack = (
  part: tf.Tensor,
  [down, right]: readonly [number, number],
  offset: readonly [number, number],
  size: readonly [number, number]
): tf.Tensor4D => {
  const [n = 0, outHeight = 0, outWidth = 0, channels = 0] = part.shape
  const tall = spread(tf.reshape(part, [n * outHeight, 1, outWidth * channels]), down)
  const wide = spread(tf.reshape(tall, [n * outHeight * down * outWidth, 1, channels]), right)
  const apart = tf.reshape<tf.Rank.R4>(wide, [n, outHeight * down, outWidth * right, channels])
  return frame(apart, offset, size)
}

/** The numbers below `count`. */
export const range = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => index)
