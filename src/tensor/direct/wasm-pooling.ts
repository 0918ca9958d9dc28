/** The gradient of taking maxima. */
import * as tf from "@tensorflow/tfjs-core"
import { extent, met, putBack, range, stepsOf, type Window } from "./wasm-windows.ts"

export interface Pooling extends Window {
  readonly filterSize: number | readonly [number, number]
}

/** The backend's own kernel, which is right where the maximum under every window is above zero. */
export type OwnGradient = (dy: tf.Tensor, input: tf.Tensor) => tf.Tensor

/**
 * The gradient goes to the pixel that was the maximum, to the first one where several were, as in TensorFlow.
 *
 * The backend's own kernel begins its search for the maximum at a number above zero, and so loses the gradient wherever
 * no pixel under a window is positive. Where windows lie side by side, it is given the picture of who is a maximum
 * instead of the pixels; elsewhere place by place of the window is looked at, which takes longer.
 *
 * @param dy [n, oh, ow, c]
 * @param input [n, h, w, c]
 * @param output [n, oh, ow, c]
 * @returns [n, h, w, c]
 */
export const maxPoolGradient = (
  dy: tf.Tensor,
  input: tf.Tensor,
  output: tf.Tensor,
  pooling: Pooling,
  own: OwnGradient
): tf.Tensor => {
  const { filterSize, pad } = pooling
  const [filterHeight, filterWidth] = typeof filterSize === "number" ? [filterSize, filterSize] : filterSize
  const [, height = 0, width = 0] = input.shape
  const [, outHeight = 0, outWidth = 0] = dy.shape
  const [down, right] = stepsOf(pooling)
  const rows = extent(pad, 1, height, outHeight, filterHeight, down)
  const columns = extent(pad, 2, width, outWidth, filterWidth, right)
  const isTiled = down === filterHeight && right === filterWidth
  if (isTiled && height === outHeight * down && width === outWidth * right)
    return own(dy, tf.cast(tf.equal(input, repeated(output, down, right)), "float32"))
  const padded = tf.pad(input, [[0, 0], rows, columns, [0, 0]], Number.NEGATIVE_INFINITY)
  const parts: Array<tf.Tensor> = []
  let open: tf.Tensor | undefined
  for (const row of range(filterHeight)) {
    for (const column of range(filterWidth)) {
      const pixels = met(padded, [row, column], [down, right], [outHeight, outWidth])
      const isMaximum = tf.equal(pixels, output)
      const isFirst = open === undefined ? isMaximum : tf.logicalAnd(isMaximum, open)
      open = open === undefined ? tf.logicalNot(isMaximum) : tf.logicalAnd(open, tf.logicalNot(isMaximum))
      const part = tf.mul(dy, tf.cast(isFirst, "float32"))
      parts.push(putBack(part, [down, right], [row - rows[0], column - columns[0]], [height, width]))
    }
  }
  return tf.addN(parts)
}

/** Every pixel as a block of `down` by `right` of them. A product does it faster than tiling, and as exactly. */
const repeated = (images: tf.Tensor, down: number, right: number): tf.Tensor => {
  const [n = 0, height = 0, width = 0, channels = 0] = images.shape
  const apart = tf.reshape(images, [n * height, 1, width, 1, channels])
  return tf.reshape(tf.mul(apart, tf.ones([1, down, 1, right, 1])), [
    n,
    height * down,
    width * right,
    channels
  ])
}
