/**
 * The left matrix of a convolution's product: a row for each pixel of the result, and in it all pixels of the image that
 * this one looks at (im2col).
 */
import type { Graph, Value } from "../graph.ts"
import { concat, filled, gather, reshape, split } from "../ops.ts"
import { isIdentity, type Windows } from "../windows.ts"
import { fewChannels, pixelsAt } from "./pixels.ts"

/** A batch of images, ready to be collected from. */
export interface Pixels {
  /** `[n, pixels, channels]` */
  readonly images: Value
  /** `[n * pixels, channels]`, and a pixel of zeros where one is asked for. */
  readonly rows: Value
}

/** @param absent whether pixels outside of the image will be asked for */
export const pixelsOf = (graph: Graph, images: Value, absent: boolean): Pixels => {
  const [n = 1, pixels = 1, channels = 1] = images.shape
  const rows = reshape(graph, images, [n * pixels, channels])
  return { images, rows: absent ? concat(graph, [rows, filled(graph, 0, [1, channels])], 0) : rows }
}

/**
 * The pixels at `index` of a few images.
 *
 * @param index of one image, -1 for a pixel of zeros
 * @param again as `gather` has it
 * @returns `[(to - from) * index.length, channels]`
 */
export const collect = (
  graph: Graph,
  { images, rows }: Pixels,
  index: Int32Array,
  [from, to]: readonly [number, number],
  again?: object
): Value => {
  const [n = 1, pixels = 1] = images.shape
  const zeros = n * pixels
  const all = new Int32Array((to - from) * index.length)
  for (let image = from; image < to; image++) {
    const at = (image - from) * index.length
    for (let place = 0; place < index.length; place++) {
      const pixel = index[place] ?? -1
      all[at + place] = pixel < 0 ? zeros : image * pixels + pixel
    }
  }
  return gather(graph, rows, graph.constant(all), 0, again)
}

/**
 * Columns in chunks of images.
 *
 * @param sizes how many images are in each chunk
 * @returns for each chunk `[images * outputPixels, taps * channels]`
 */
export const columnsOf = (
  graph: Graph,
  images: Value,
  windows: Windows,
  sizes: ReadonlyArray<number>,
  again?: object
): ReadonlyArray<Value> => {
  const [, , channels = 1] = images.shape
  const matrix = (found: Value, count: number) =>
    reshape(graph, found, [count * windows.outputPixels, windows.taps * channels])
  if (isIdentity(windows)) return [matrix(images, images.shape[0] ?? 1)]
  if (channels < fewChannels) {
    return split(graph, images, sizes, 0, again).map((chunk, at) =>
      matrix(pixelsAt(graph, chunk, windows.index, 0, again), sizes[at] ?? 0)
    )
  }
  const pixels = pixelsOf(graph, images, windows.index.includes(-1))
  let from = 0
  return sizes.map((size) => {
    from += size
    return matrix(collect(graph, pixels, windows.index, [from - size, from], again), size)
  })
}
