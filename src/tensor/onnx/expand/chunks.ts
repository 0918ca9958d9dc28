/**
 * Batches in chunks that fit into a core's cache.
 *
 * The columns of a convolution are nine times its image and more. Made for all of a batch they go to memory and come
 * back; made for a few images they are still in the cache when the product reads them (measured for 32×32×32, batch
 * 128: 19 ms instead of 59), and there are never many of them at once.
 */

/** How many images are in each chunk, so that `elements` numbers for each image fit into `mebibytes`. */
export const chunkSizes = (images: number, elements: number, mebibytes: number): ReadonlyArray<number> => {
  if (images === 0) return [0]
  const most = Math.max(1, Math.floor((mebibytes * 2 ** 20) / 4 / elements))
  const chunks = Math.ceil(images / most)
  // Chunks of equal size share their constants; the last takes what is left.
  const size = Math.ceil(images / chunks)
  const whole = Math.floor(images / size)
  const rest = images - whole * size
  return [...Array<number>(whole).fill(size), ...(rest > 0 ? [rest] : [])]
}
