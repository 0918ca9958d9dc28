/** Two-dimensional convolution (cross-correlation, as everybody's). */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { rank4 } from "../rank.ts"
import type { Shape, ShapeResult } from "../shape.ts"
import { named, Pair, Size, weighted } from "./settings.ts"
import { Padding, slide, tfPadding } from "./window.ts"

/** Weight `[kernel height, kernel width, in, filters]`, bias `[filters]`. */
export const Conv2d = Schema.Struct({
  type: Schema.Literal("conv2d"),
  ...named,
  filters: Size,
  /** Height and width of the kernel. */
  kernelSize: Pair,
  strides: Pair.pipe(Schema.withDecodingDefaultKey(Effect.succeed([1, 1] as const))),
  padding: Padding.pipe(Schema.withDecodingDefaultKey(Effect.succeed("valid"))),
  ...weighted
})
export type Conv2d = typeof Conv2d.Type

export const conv2dShape = (layer: Conv2d, input: Shape): ShapeResult => {
  const output = slide(input, { ...layer, size: layer.kernelSize })
  return "problem" in output ? output : [output[0], output[1], layer.filters]
}

export const conv2dWeight = ({ kernelSize, filters }: Conv2d, input: Shape): Shape => [
  ...kernelSize,
  input[2] ?? 0,
  filters
]

export const conv2d = (
  { strides, padding }: Conv2d,
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined
): tf.Tensor => {
  const convolved = tf.conv2d(rank4(x), rank4(weight), [...strides], tfPadding(padding))
  return bias === undefined ? convolved : tf.add(convolved, bias)
}
