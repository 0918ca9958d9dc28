/** The gradients of a depthwise convolution: each channel has filters of its own. */
import * as tf from "@tensorflow/tfjs-core"
import type { FilterGradient, InputGradient } from "./wasm-convolution.ts"
import { extent, putBack, range, stepsOf } from "./wasm-windows.ts"

/**
 * The gradient with respect to the filters: place by place, the pixels that it met times what came of them, summed.
 *
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, c * m]
 * @returns [fh, fw, c, m]
 */
export const depthwiseFilterGradient = (
  x: tf.Tensor,
  dy: tf.Tensor,
  convolution: FilterGradient
): tf.Tensor => {
  const [filterHeight, filterWidth, channels, multiplier] = convolution.filterShape
  const [n = 0, height = 0, width = 0] = x.shape
  const [, outHeight = 0, outWidth = 0] = dy.shape
  const [down, right] = stepsOf(convolution)
  const rows = extent(convolution.pad, 1, height, outHeight, filterHeight, down)
  const columns = extent(convolution.pad, 2, width, outWidth, filterWidth, right)
  const padded = tf.pad(x, [[0, 0], rows, columns, [0, 0]])
  const pixels = n * outHeight * outWidth
  const slopes = tf.reshape(dy, [pixels, channels, multiplier])
  const place = (row: number, column: number): tf.Tensor => {
    const end = [n, row + (outHeight - 1) * down + 1, column + (outWidth - 1) * right + 1, channels]
    const met = tf.stridedSlice(padded, [0, row, column, 0], end, [1, down, right, 1])
    return tf.sum(tf.mul(tf.reshape(met, [pixels, channels, 1]), slopes), 0)
  }
  const places = range(filterHeight).flatMap((row) => range(filterWidth).map((column) => place(row, column)))
  return tf.reshape(tf.stack(places), [filterHeight, filterWidth, channels, multiplier])
}

/**
 * The gradient with respect to the input: place by place, what came out times the filter's value there, moved to where
 * that place had been.
 *
 * @param dy [n, oh, ow, c * m]
 * @param filter [fh, fw, c, m]
 * @returns [n, h, w, c]
 */
export const depthwiseInputGradient = (
  dy: tf.Tensor,
  filter: tf.Tensor,
  convolution: InputGradient
): tf.Tensor => {
  const [n, height, width, channels] = convolution.inputShape
  const [filterHeight = 0, filterWidth = 0, , multiplier = 0] = filter.shape
  const [, outHeight = 0, outWidth = 0] = dy.shape
  const [down, right] = stepsOf(convolution)
  const [top] = extent(convolution.pad, 1, height, outHeight, filterHeight, down)
  const [left] = extent(convolution.pad, 2, width, outWidth, filterWidth, right)
  const slopes = tf.reshape(dy, [n * outHeight * outWidth, channels, multiplier])
  const partOf = (row: number, column: number): tf.Tensor => {
    const weights = tf.reshape(tf.slice(filter, [row, column, 0, 0], [1, 1, channels, multiplier]), [
      channels,
      multiplier
    ])
    const sums = tf.sum(tf.mul(slopes, weights), 2)
    const part = tf.reshape(sums, [n, outHeight, outWidth, channels])
    return putBack(part, [down, right], [row - top, column - left], [height, width])
  }
  const parts = range(filterHeight).flatMap((row) => range(filterWidth).map((column) => partOf(row, column)))
  return tf.addN(parts)
}
