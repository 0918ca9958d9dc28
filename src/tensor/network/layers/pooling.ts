/** Pooling over windows, each channel for itself. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { rank4 } from "../rank.ts"
import type { Shape, ShapeResult } from "../shape.ts"
import { named, Pair } from "./settings.ts"
import { Padding, paddingOf, slide, tfPadding } from "./window.ts"

const fields = {
  ...named,
  /** Height and width of the window. */
  size: Pair,
  /** By default the window's size, so that windows do not overlap. */
  strides: Schema.optionalKey(Pair),
  padding: Padding.pipe(Schema.withDecodingDefaultKey(Effect.succeed("valid")))
}

/** The largest value in each window. Padding never wins. */
export const MaxPool = Schema.Struct({ type: Schema.Literal("maxPool"), ...fields })
export type MaxPool = typeof MaxPool.Type

/** The mean of each window. Padding does not count (PyTorch: `count_include_pad=False`). */
export const AveragePool = Schema.Struct({ type: Schema.Literal("averagePool"), ...fields })
export type AveragePool = typeof AveragePool.Type

type Pool = MaxPool | AveragePool

export const poolShape = (layer: Pool, input: Shape): ShapeResult => {
  const { size, padding } = layer
  const output = slide(input, { size, strides: stridesOf(layer), padding })
  if ("problem" in output || typeof padding === "string") return output
  if (padding[0].some((pad) => pad >= size[0]) || padding[1].some((pad) => pad >= size[1])) {
    return {
      problem: `its padding ${JSON.stringify(padding)} leaves windows of ${JSON.stringify(size)} without a pixel`,
      hint: "pad with less than the window's size on each side"
    }
  }
  return output
}

export const stridesOf = ({ strides, size }: Pool): readonly [number, number] => strides ?? size

export const pool = (layer: Pool, x: tf.Tensor): tf.Tensor =>
  layer.type === "maxPool"
    ? tf.maxPool(rank4(x), [...layer.size], [...stridesOf(layer)], tfPadding(layer.padding))
    : averagePool(layer, rank4(x))

/**
 * TensorFlow.js's own gradient of a padded average divides by the window's area, as if padding counted, which its forward
 * pass says it does not. So padded averages are taken over zeros, and the places at the border are scaled up.
 */
const averagePool = (layer: AveragePool, x: tf.Tensor4D): tf.Tensor => {
  const { size, padding } = layer
  const strides = stridesOf(layer)
  const [, height = 0, width = 0] = x.shape
  const rows = paddingOf(padding, 0, { input: height, size: size[0], stride: strides[0] })
  const columns = paddingOf(padding, 1, { input: width, size: size[1], stride: strides[1] })
  const average = (images: tf.Tensor4D) => tf.avgPool(images, [...size], [...strides], "valid")
  if ([...rows, ...columns].every((pad) => pad === 0)) return average(x)
  const padded = tf.pad4d(x, [[0, 0], [...rows], [...columns], [0, 0]])
  const down = shares(height, size[0], strides[0], rows)
  const across = shares(width, size[1], strides[1], columns)
  const scale = down.flatMap((a) => across.map((b) => a * b))
  return tf.mul(average(padded), tf.tensor4d(scale, [1, down.length, across.length, 1]))
}

/** For each place of a window, its length over how much of it is not padding. */
const shares = (
  input: number,
  size: number,
  stride: number,
  [before, after]: readonly [number, number]
): ReadonlyArray<number> => {
  const places = Math.floor((input + before + after - size) / stride) + 1
  return Array.from({ length: places }, (_, place) => {
    const begin = place * stride - before
    return size / (Math.min(begin + size, input) - Math.max(begin, 0))
  })
}
