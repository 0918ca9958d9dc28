/** The gradients of a convolution, as products and as another convolution. */
import * as tf from "@tensorflow/tfjs-core"
import { extent, putBack, range, stepsOf, type Window } from "./wasm-windows.ts"

type Shape = readonly [number, number, number, number]
export interface FilterGradient extends Window {
  readonly filterShape: Shape
}
export interface InputGradient extends Window {
  readonly inputShape: Shape
}

/**
 * The gradient of a convolution with respect to its filter: for each place in the filter, the product of the pixels that
 * it met with the gradients of what it made of them.
 *
 * Channels come first, so that the pixels of one place are cut out and put together by copying whole rows. The gradients
 * stand on the right of every product, because the backend prepares that side once per tensor.
 *
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, k]
 * @returns [fh, fw, c, k]
 */
export const filterGradient = (x: tf.Tensor, dy: tf.Tensor, convolution: FilterGradient): tf.Tensor => {
  const [filterHeight, filterWidth, channels, filters] = convolution.filterShape
  const [n = 0, height = 0, width = 0] = x.shape
  const [, outHeight = 0, outWidth = 0] = dy.shape
  const [down, right] = stepsOf(convolution)
  const rows = extent(convolution.pad, 1, height, outHeight, filterHeight, down)
  const columns = extent(convolution.pad, 2, width, outWidth, filterWidth, right)
  const padded = tf.pad(x, [[0, 0], rows, columns, [0, 0]])
  const planes = tf.transpose(padded, [3, 0, 1, 2])
  const pixels = n * outHeight * outWidth
  const slopes = tf.reshape(dy, [pixels, filters])
  const met = (row: number, column: number): tf.Tensor => {
    const end = [channels, n, row + (outHeight - 1) * down + 1, column + (outWidth - 1) * right + 1]
    const cut = tf.stridedSlice(planes, [0, 0, row, column], end, [1, 1, down, right])
    return tf.reshape(cut, [channels, pixels])
  }
  // One product for each row of the filter: all places at once would need that many copies of the images.
  const products = range(filterHeight).map((row) =>
    tf.matMul(tf.concat(range(filterWidth).map((column) => met(row, column))), slopes)
  )
  return tf.reshape(tf.concat(products), [filterHeight, filterWidth, channels, filters])
}

/**
 * The gradient of a convolution with respect to its input: the gradients of what came out, spread as far apart as the
 * filter stepped, under the filter turned by half a turn. The backend's own kernel takes seven times as long.
 *
 * @param dy [n, oh, ow, k]
 * @param filter [fh, fw, c, k]
 * @returns [n, h, w, c]
 */
export const inputGradient = (dy: tf.Tensor, filter: tf.Tensor, convolution: InputGradient): tf.Tensor => {
  const { inputShape, pad } = convolution
  const [n, height, width, channels] = inputShape
  const [filterHeight = 0, filterWidth = 0] = filter.shape
  const [, outHeight = 0, outWidth = 0, filters = 0] = dy.shape
  const [down, right] = stepsOf(convolution)
  const [top] = extent(pad, 1, height, outHeight, filterHeight, down)
  const [left] = extent(pad, 2, width, outWidth, filterWidth, right)
  const turned = tf.transpose(
    tf.reverse(tf.reshape<tf.Rank.R4>(filter, [filterHeight, filterWidth, channels, filters]), [0, 1]),
    [0, 1, 3, 2]
  )
  // Every place of the padded input that the filter met; the zeros after the last gradient are spread ones.
  const size = [height + filterHeight - 1, width + filterWidth - 1] as const
  const framed = putBack(dy, [down, right], [filterHeight - 1 - top, filterWidth - 1 - left], size)
  return tf.reshape(tf.conv2d(framed, turned, 1, "valid"), [n, height, width, channels])
}
