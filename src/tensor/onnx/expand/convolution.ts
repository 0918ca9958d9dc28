/**
 * Convolutions as products of matrices.
 *
 * A row of the left matrix holds all pixels that one pixel of the result looks at (im2col). `Gather` makes it in one
 * operation, in any order of pixels; ONNX Runtime's products run at twice the rate of its convolutions, and use every
 * core. Tensors stay NHWC, as TensorFlow.js has them.
 */
import type { Graph, Value } from "../graph.ts"
import { concat, filled, product, reshape, sizeOf, split, transpose, unary } from "../ops.ts"
import { isIdentity, lookers, lookersByTap, type Windows } from "../windows.ts"
import { chunkSizes, inChunks } from "./chunks.ts"
import { pixelSums, pixelsAt } from "./pixels.ts"

/** `[n, pixels, channels]` as `[n * outputPixels, taps * channels]`. */
const columns = (graph: Graph, pixels: Value, windows: Windows): Value => {
  const [n = 1, , channels = 1] = pixels.shape
  const found = isIdentity(windows) ? pixels : pixelsAt(graph, pixels, windows.index)
  return reshape(graph, found, [n * windows.outputPixels, windows.taps * channels])
}

const flat = (graph: Graph, image: Value, { inputPixels }: Windows): Value =>
  reshape(graph, image, [image.shape[0] ?? 1, inputPixels, image.shape.at(-1) ?? 1])

const columnChunks = (image: Value, windows: Windows): ReadonlyArray<number> => {
  const [n = 1] = image.shape
  if (isIdentity(windows)) return [n]
  return chunkSizes(n, windows.outputPixels * windows.taps * (image.shape.at(-1) ?? 1))
}

/**
 * @param image `[n, height, width, channels]`
 * @param filter `[height, width, channels, filters]`
 * @param bias `[filters]`
 * @returns `[n, outputPixels, filters]`
 */
export const convolution = (
  graph: Graph,
  image: Value,
  filter: Value,
  windows: Windows,
  bias: Value | undefined,
  rectify: boolean
): Value => {
  const [n = 1] = image.shape
  const filters = filter.shape[3] ?? 1
  const matrix = reshape(graph, filter, [sizeOf(filter.shape) / filters, filters])
  const result = inChunks(graph, flat(graph, image, windows), columnChunks(image, windows), (chunk) => {
    const rows = columns(graph, chunk, windows)
    const shape = [rows.shape[0] ?? 1, filters]
    const weighed =
      bias === undefined
        ? product(graph, rows, matrix)
        : graph.op("Gemm", [rows, matrix, bias], { type: rows.type, shape })
    return rectify ? unary(graph, "Relu", weighed) : weighed
  })
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
  const filters = gradient.shape[2] ?? 1
  const sizes = columnChunks(image, windows)
  const gradients = split(graph, gradient, sizes, 0)
  let sum: Value | undefined
  for (const [at, chunk] of split(graph, flat(graph, image, windows), sizes, 0).entries()) {
    const rows = columns(graph, chunk, windows)
    const given = gradients[at]
    if (given === undefined) throw new Error("images and gradients are as many")
    const below = reshape(graph, given, [rows.shape[0] ?? 1, filters])
    // Turning the columns while they are in the cache is faster than a product that reads them across.
    const turned = transpose(graph, rows, [1, 0])
    sum = graph.op("Gemm", [turned, below, sum], { type: rows.type, shape: [rows.shape[1] ?? 1, filters] })
  }
  if (sum === undefined) throw new Error("a batch has at least one image")
  return reshape(graph, sum, filterShape)
}

/**
 * There are two ways to the same sum. Either each pixel of the image collects the gradients of all that looked at it, and
 * one product weighs and adds them; or a product weighs first, and each pixel collects and adds what is meant for it.
 *
 * @param gradient `[n, outputPixels, filters]`
 * @returns `[n, inputPixels, channels]`
 */
export const imageGradient = (graph: Graph, gradient: Value, filter: Value, windows: Windows): Value => {
  const channels = filter.shape[2] ?? 1
  const filters = filter.shape[3] ?? 1
  const { taps, inputPixels, outputPixels } = windows
  const collects =
    isIdentity(windows) ||
    collectingCost(windows, channels, filters) < weighingCost(windows, channels, filters)
  const elements = collects ? inputPixels * taps * filters : outputPixels * taps * channels
  const [n = 1] = gradient.shape
  const sizes = isIdentity(windows) ? [n] : chunkSizes(n, elements)
  const write = collects ? collectFirst : weighFirst
  return inChunks(graph, gradient, sizes, (chunk) => write(graph, chunk, filter, windows))
}

/** Nanoseconds for an image on one core, from timings of single operations on one machine; only their ratio matters. */
const collectingCost = ({ inputPixels, taps }: Windows, channels: number, filters: number): number =>
  inputPixels * taps * filters * (0.26 + (2 * channels) / 163) * (channels < 8 ? 2 : 1)

const weighingCost = (
  { inputPixels, outputPixels, taps }: Windows,
  channels: number,
  filters: number
): number => taps * channels * ((2 * outputPixels * filters) / 180 + inputPixels * 0.43)

const collectFirst = (graph: Graph, gradient: Value, filter: Value, windows: Windows): Value => {
  const [n = 1, , filters = 1] = gradient.shape
  const channels = filter.shape[2] ?? 1
  const { taps, inputPixels } = windows
  const byTap = reshape(graph, filter, [taps, channels, filters])
  const matrix = reshape(graph, transpose(graph, byTap, [0, 2, 1]), [taps * filters, channels])
  const found = isIdentity(windows) ? gradient : pixelsAt(graph, gradient, lookersByTap(windows))
  const result = product(graph, reshape(graph, found, [n * inputPixels, taps * filters]), matrix)
  return reshape(graph, result, [n, inputPixels, channels])
}

const weighFirst = (graph: Graph, gradient: Value, filter: Value, windows: Windows): Value => {
  const [n = 1, outputPixels = 1, filters = 1] = gradient.shape
  const { taps } = windows
  const channels = filter.shape[2] ?? 1
  const { positions, depth } = lookers(windows)
  // A pixel of zeros for those that are looked at less often than others.
  const padded = positions.includes(-1)
    ? concat(graph, [gradient, filled(graph, 0, [n, 1, filters])], 1)
    : gradient
  const pixels = padded.shape[1] ?? outputPixels
  const matrix = reshape(graph, filter, [taps * channels, filters])
  const weighed = product(graph, reshape(graph, padded, [n * pixels, filters]), matrix, { transposeB: true })
  return pixelSums(graph, reshape(graph, weighed, [n, pixels * taps, channels]), positions, depth)
}
