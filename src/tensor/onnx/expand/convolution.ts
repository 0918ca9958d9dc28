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
import { chunkSizes } from "./chunks.ts"
import { columnsOf } from "./columns.ts"
import { pixelSums } from "./pixels.ts"

const flat = (graph: Graph, image: Value, { inputPixels }: Windows): Value =>
  reshape(graph, image, [image.shape[0] ?? 1, inputPixels, image.shape.at(-1) ?? 1])

/**
 * How large chunks are, in MiB. Columns that are few are kept from the forward pass for the filter's gradient; many
 * columns are faster made again than fetched from memory, and would fill it.
 */
const chunkMebibytes = { kept: 1.25, forward: 2.5, filterGradient: 5, imageGradient: 1.25 }
const mostKeptMebibytes = 16

/** Marks what is made again. */
const again = {}

const elementsOf = (image: Value, windows: Windows): number =>
  windows.outputPixels * windows.taps * (image.shape.at(-1) ?? 1)

const isKept = (image: Value, windows: Windows): boolean =>
  ((image.shape[0] ?? 1) * elementsOf(image, windows) * 4) / 2 ** 20 <= mostKeptMebibytes

const columnChunks = (image: Value, windows: Windows, mebibytes: number): ReadonlyArray<number> => {
  const [n = 1] = image.shape
  if (isIdentity(windows)) return [n]
  return chunkSizes(n, elementsOf(image, windows), isKept(image, windows) ? chunkMebibytes.kept : mebibytes)
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
  const chunks = columnChunks(image, windows, chunkMebibytes.forward)
  const results = columnsOf(graph, flat(graph, image, windows), windows, chunks).map((rows) => {
    const shape = [rows.shape[0] ?? 1, filters]
    const weighed =
      bias === undefined
        ? product(graph, rows, matrix)
        : graph.op("Gemm", [rows, matrix, bias], { type: rows.type, shape })
    return rectify ? unary(graph, "Relu", weighed) : weighed
  })
  const result = concat(graph, results, 0)
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
  const chunks = columnChunks(image, windows, chunkMebibytes.filterGradient)
  const remade = isKept(image, windows) ? undefined : again
  const gradients = split(graph, gradient, chunks, 0)
  let sum: Value | undefined
  for (const [at, rows] of columnsOf(graph, flat(graph, image, windows), windows, chunks, remade).entries()) {
    const given = gradients[at]
    if (given === undefined) throw new Error("images and gradients are as many")
    const [height = 1, width = 1] = rows.shape
    const below = reshape(graph, given, [height, filters])
    sum = graph.op(
      "Gemm",
      [rows, below, sum],
      { type: rows.type, shape: [width, filters] },
      { transA: 1, transB: 0 }
    )
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
  const collects =
    isIdentity(windows) ||
    collectingCost(windows, channels, filters) < weighingCost(windows, channels, filters)
  return collects
    ? collectFirst(graph, gradient, filter, windows)
    : weighFirst(graph, gradient, filter, windows)
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
  const [n = 1, outputPixels = 1, filters = 1] = gradient.shape
  const channels = filter.shape[2] ?? 1
  const { taps, inputPixels } = windows
  const byTap = reshape(graph, filter, [taps, channels, filters])
  const matrix = reshape(graph, transpose(graph, byTap, [0, 2, 1]), [taps * filters, channels])
  const back = { inputPixels: outputPixels, outputPixels: inputPixels, taps, index: lookersByTap(windows) }
  const chunks = isIdentity(windows)
    ? [n]
    : chunkSizes(n, inputPixels * taps * filters, chunkMebibytes.imageGradient)
  const results = columnsOf(graph, gradient, back, chunks).map((rows) => product(graph, rows, matrix))
  return reshape(graph, concat(graph, results, 0), [n, inputPixels, channels])
}

const weighFirst = (graph: Graph, gradient: Value, filter: Value, windows: Windows): Value => {
  const [n = 1, outputPixels = 1] = gradient.shape
  const { taps } = windows
  const [, , channels = 1, filters = 1] = filter.shape
  const { positions, depth } = lookers(windows)
  const matrix = reshape(graph, filter, [taps * channels, filters])
  const chunks = chunkSizes(n, outputPixels * taps * channels, chunkMebibytes.imageGradient)
  const results = split(graph, gradient, chunks, 0).map((chunk, at) => {
    const images = chunks[at] ?? 0
    // A pixel of zeros in each image, for those that are looked at less often than others.
    const padded = positions.includes(-1)
      ? concat(graph, [chunk, filled(graph, 0, [images, 1, filters])], 1)
      : chunk
    const pixels = padded.shape[1] ?? outputPixels
    const rows = reshape(graph, padded, [images * pixels, filters])
    const weighed = product(graph, rows, matrix, { transposeB: true })
    return pixelSums(graph, reshape(graph, weighed, [images, pixels * taps, channels]), positions, depth)
  })
  return concat(graph, results, 0)
}
