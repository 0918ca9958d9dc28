/** Depthwise convolution: each channel has kernels of its own (`groups = channels` in PyTorch). */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { rank4 } from "../rank.ts"
import type { Shape, ShapeResult } from "../shape.ts"
import { named, Pair, Size, weighted } from "./settings.ts"
import { Padding, slide, tfPadding } from "./window.ts"

/**
 * Weight `[kernel height, kernel width, channels, multiplier]`, bias `[channels * multiplier]`. Output channel
 * `c * multiplier + m` is input channel c under its kernel m.
 */
export const DepthwiseConv2d = Schema.Struct({
  type: Schema.Literal("depthwiseConv2d"),
  ...named,
  /** Kernels per input channel. */
  depthMultiplier: Size.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  kernelSize: Pair,
  strides: Pair.pipe(Schema.withDecodingDefaultKey(Effect.succeed([1, 1] as const))),
  padding: Padding.pipe(Schema.withDecodingDefaultKey(Effect.succeed("valid"))),
  ...weighted
})
export type DepthwiseConv2d = typeof DepthwiseConv2d.Type

export const depthwiseConv2dShape = (layer: DepthwiseConv2d, input: Shape): ShapeResult => {
  const { kernelSize, strides, depthMultiplier } = layer
  const output = slide(input, { ...layer, size: kernelSize })
  if ("problem" in output) return output
  // TensorFlow's kernel knows no other; see tf.nn.depthwise_conv2d.
  if (strides[0] !== strides[1]) {
    return {
      problem: `its strides [${strides.join(", ")}] differ in height and width`,
      hint: "a depthwise convolution has equal strides in both directions"
    }
  }
  return [output[0], output[1], output[2] * depthMultiplier]
}

export const depthwiseConv2dWeight = (layer: DepthwiseConv2d, input: Shape): Shape => [
  ...layer.kernelSize,
  input[2] ?? 0,
  layer.depthMultiplier
]

export const depthwiseConv2d = (
  { strides, padding }: DepthwiseConv2d,
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor | undefined
): tf.Tensor => {
  const convolved = tf.depthwiseConv2d(rank4(x), rank4(weight), [...strides], tfPadding(padding))
  return bias === undefined ? convolved : tf.add(convolved, bias)
}
