/**
 * Convolutions as products of matrices.
 *
 * A row of the left matrix holds all pixels that one pixel of the result looks at (im2col). `Gather` makes it in one
 * operation, in any order of pixels; ONNX Runtime's products run at twice the rate of its convolutions, and use every
 * core. Tensors stay NHWC, as TensorFlow.js has them: nothing is ever transposed.
 */
import type { Graph, Value } from "../graph.ts"
import { product, reshape, sizeOf, transpose } from "../ops.ts"
import { isIdentity, lookersByTap, type Windows } from "../windows.ts"
import { pixelsAt } from "./pixels.ts"

/** `[n * outputPixels, taps * channels]` */
const columns = (graph: Graph, image: Value, windows: Windows): Value => {
  const [n = 1, , , channels = 1] = image.shape
  const pixels = reshape(graph, image, [n, windows.inputPixels, channels])
  const found = isIdentity(windows) ? pixels : pixelsAt(graph, pixels, windows.index)
  return reshape(graph, found, [n * windows.outputPixels, windows.taps * channels])
}

/**
 * @param image `[n, height, width, channels]`
 * @param filter `[height, width, channels, filters]`
 * @returns `[n, outputPixels, filters]`
 */
export const convolution = (graph: Graph, image: Value, filter: Value, windows: Windows): Value => {
  const [n = 1] = image.shape
  const filters = filter.shape[3] ?? 1
  const matrix = reshape(graph, filter, [sizeOf(filter.shape) / filters, filters])
  const result = product(graph, columns(graph, image, windows), matrix)
  return reshape(graph, result, [n, windows.outputPixels, filters])
}

/** @param gradient `[n, outputPixels, filters]` */
export const filterGradient = (
  graph: Graph,
  image: Value,
  gradient: Value,
  windows: Windows,
  filterShape: ReadonlyArray<number>
): Value => {
  const [n = 1, pixels = 1, filters = 1] = gradient.shape
  const rows = reshape(graph, gradient, [n * pixels, filters])
  const result = product(graph, columns(graph, image, windows), rows, { transposeA: true })
  return reshape(graph, result, filterShape)
}

/**
 * A convolution of the gradient with the filter turned round: each pixel of the image collects from all that looked at it.
 *
 * @param gradient `[n, outputPixels, filters]`
 * @returns `[n, inputPixels, channels]`
 */
export const imageGradient = (graph: Graph, gradient: Value, filter: Value, windows: Windows): Value => {
  const [n = 1, , filters = 1] = gradient.shape
  const channels = filter.shape[2] ?? 1
  const { taps, inputPixels } = windows
  const byTap = reshape(graph, filter, [taps, channels, filters])
  const matrix = reshape(graph, transpose(graph, byTap, [0, 2, 1]), [taps * filters, channels])
  const found = isIdentity(windows) ? gradient : pixelsAt(graph, gradient, lookersByTap(windows))
  const result = product(graph, reshape(graph, found, [n * inputPixels, taps * filters]), matrix)
  return reshape(graph, result, [n, inputPixels, channels])
}
