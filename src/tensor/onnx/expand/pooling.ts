/** Pools and their gradients. */
import type { Graph, Value } from "../graph.ts"
import { and, cast, compare, concat, filled, mul, not, or, reduce, reshape, split } from "../ops.ts"
import { lookers, type Windows } from "../windows.ts"
import { pixelSums, pixelsAt } from "./pixels.ts"

/** `[n, taps, outputPixels, channels]`: the axis to reduce in front, where ONNX Runtime reduces fastest. */
export const poolColumns = (graph: Graph, image: Value, windows: Windows, absent: number): Value => {
  const [n = 1, , , channels = 1] = image.shape
  const pixels = reshape(graph, image, [n, windows.inputPixels, channels])
  const found = pixelsAt(graph, pixels, tapMajor(windows), absent)
  return reshape(graph, found, [n, windows.taps, windows.outputPixels, channels])
}

const tapMajor = ({ index, taps, outputPixels }: Windows): Int32Array =>
  Int32Array.from(index, (_, at) => index[(at % outputPixels) * taps + Math.floor(at / outputPixels)] ?? -1)

/** Smaller than every number, and still a number: infinity times zero would be none. */
export const lowest = -3.4e38

export const maxPool = (graph: Graph, image: Value, windows: Windows): Value =>
  reduce(graph, "Max", poolColumns(graph, image, windows, lowest), [1])

/** @param gradient, pooled `[n, outputPixels, channels]`; the result is `[n, inputPixels, channels]` */
export const maxPoolGradient = (
  graph: Graph,
  gradient: Value,
  image: Value,
  pooled: Value,
  windows: Windows
): Value => {
  const [n = 1, outputPixels = 1, channels = 1] = gradient.shape
  const grouped = poolColumns(graph, image, windows, lowest)
  const winners = windowGradient(graph, gradient, grouped, pooled)
  return scatter(graph, reshape(graph, winners, [n, windows.taps * outputPixels, channels]), windows)
}

/**
 * What each pixel of a window gets of the window's gradient: all of it for the first of the greatest, nothing for the
 * others. The first only, as in TensorFlow: the background of a digit is one large tie.
 *
 * @param gradient, pooled `[n, windows, channels]`
 * @param grouped `[n, taps, windows, channels]`
 */
export const windowGradient = (graph: Graph, gradient: Value, grouped: Value, pooled: Value): Value => {
  const [n = 1, cells = 1, channels = 1] = gradient.shape
  const taps = grouped.shape[1] ?? 1
  const wide = [n, 1, cells, channels]
  const isGreatest = compare(graph, "Equal", grouped, reshape(graph, pooled, wide))
  const [first, ...others] = split(graph, isGreatest, Array(taps).fill(1), 1)
  if (first === undefined) throw new Error("a window has at least one pixel")
  const winners = [first]
  let taken = first
  for (const other of others) {
    winners.push(and(graph, other, not(graph, taken)))
    taken = or(graph, taken, other)
  }
  const share = cast(graph, concat(graph, winners, 1), "float32")
  return mul(graph, share, reshape(graph, gradient, wide))
}

/**
 * Adds up what the windows give to each pixel.
 *
 * @param given `[n, taps * outputPixels, channels]`, tap by tap
 */
const scatter = (graph: Graph, given: Value, windows: Windows): Value => {
  const { taps, outputPixels } = windows
  const [n = 1, , channels = 1] = given.shape
  const { positions, depth } = lookers(windows)
  const tapFirst = positions.map((at) => (at < 0 ? -1 : (at % taps) * outputPixels + Math.floor(at / taps)))
  if (depth === 1) return pixelsAt(graph, given, tapFirst)
  const padded = tapFirst.includes(-1) ? concat(graph, [given, filled(graph, 0, [n, 1, channels])], 1) : given
  return pixelSums(graph, padded, tapFirst, depth)
}

/** Averages over the pixels that are there, as TensorFlow takes them. */
export const averagePool = (graph: Graph, image: Value, windows: Windows): Value =>
  mul(graph, reduce(graph, "Sum", poolColumns(graph, image, windows, 0), [1]), shares(graph, windows))

/** One over the number of pixels in each window, `[outputPixels, 1]`. */
const shares = (graph: Graph, { index, taps, outputPixels }: Windows): Value => {
  const counts = new Float32Array(outputPixels)
  for (const [at, pixel] of index.entries())
    if (pixel >= 0) counts[Math.floor(at / taps)] = (counts[Math.floor(at / taps)] ?? 0) + 1
  return graph.constant(
    counts.map((count) => 1 / count),
    [outputPixels, 1]
  )
}

export const averagePoolGradient = (graph: Graph, gradient: Value, windows: Windows): Value => {
  const [n = 1, , channels = 1] = gradient.shape
  const each = mul(graph, gradient, shares(graph, windows))
  const { positions, depth } = lookers(windows)
  const cells = positions.map((at) => (at < 0 ? -1 : Math.floor(at / windows.taps)))
  if (depth === 1) return pixelsAt(graph, each, cells)
  const padded = cells.includes(-1) ? concat(graph, [each, filled(graph, 0, [n, 1, channels])], 1) : each
  return pixelSums(graph, padded, cells, depth)
}
