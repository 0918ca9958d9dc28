/**
 * Which pixels of an image each pixel of a result looks at: the geometry of convolutions and pools.
 *
 * The pixels of a result stand in an order of their own. A convolution that is followed by a pool makes its pixels in the
 * order of the pool's windows, and leaves out those that no window holds.
 */

export interface Windows {
  /** Height times width of the image. */
  readonly inputPixels: number
  readonly outputPixels: number
  /** Height times width of a window. */
  readonly taps: number
  /** `[outputPixels, taps]`: the image's pixel, row by row, or -1 where the window reaches over the edge. */
  readonly index: Int32Array
}

/** Whether what describes a macro is its geometry. */
export const isWindows = (macro: object | undefined): macro is Windows =>
  macro !== undefined && "inputPixels" in macro

/** What `Windows` are made from. */
export interface WindowShape {
  readonly height: number
  readonly width: number
  readonly outHeight: number
  readonly outWidth: number
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly dilations: readonly [number, number]
  readonly padTop: number
  readonly padLeft: number
}

const made = new Map<string, Windows>()

/** The same shape gives the same object, so that operations that share a geometry can be seen to. */
export const windowsOf = (shape: WindowShape): Windows => {
  const key = JSON.stringify(shape)
  const known = made.get(key)
  if (known !== undefined) return known
  const windows = makeWindows(shape)
  made.set(key, windows)
  return windows
}

const makeWindows = (shape: WindowShape): Windows => {
  const { height, width, outHeight, outWidth, kernel, strides, dilations, padTop, padLeft } = shape
  const taps = kernel[0] * kernel[1]
  const index = new Int32Array(outHeight * outWidth * taps)
  let at = 0
  for (let outRow = 0; outRow < outHeight; outRow++) {
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      for (let tapRow = 0; tapRow < kernel[0]; tapRow++) {
        const row = outRow * strides[0] + tapRow * dilations[0] - padTop
        for (let tapColumn = 0; tapColumn < kernel[1]; tapColumn++) {
          const column = outColumn * strides[1] + tapColumn * dilations[1] - padLeft
          const inside = row >= 0 && row < height && column >= 0 && column < width
          index[at++] = inside ? row * width + column : -1
        }
      }
    }
  }
  return { inputPixels: height * width, outputPixels: outHeight * outWidth, taps, index }
}

const regrouped = new WeakMap<Windows, WeakMap<Windows, Windows>>()

/**
 * `windows` with its pixels in the order of a pool's windows: first every window's first pixel, then every window's
 * second, and so on. The pool's windows must lie inside the image and not overlap.
 */
export const inPoolOrder = (windows: Windows, pool: Windows): Windows => {
  const known = regrouped.get(windows)?.get(pool)
  if (known !== undefined) return known
  const index = new Int32Array(pool.taps * pool.outputPixels * windows.taps)
  let at = 0
  for (let tap = 0; tap < pool.taps; tap++) {
    for (let cell = 0; cell < pool.outputPixels; cell++) {
      const pixel = pool.index[cell * pool.taps + tap] ?? 0
      for (let inner = 0; inner < windows.taps; inner++)
        index[at++] = windows.index[pixel * windows.taps + inner] ?? 0
    }
  }
  const result = {
    inputPixels: windows.inputPixels,
    outputPixels: pool.taps * pool.outputPixels,
    taps: windows.taps,
    index
  }
  const ofWindows = regrouped.get(windows) ?? new WeakMap<Windows, Windows>()
  regrouped.set(windows, ofWindows.set(pool, result))
  return result
}

/** Whether every window lies inside the image and no pixel is in two of them. */
export const isPartition = ({ index, inputPixels }: Windows): boolean => {
  const seen = new Uint8Array(inputPixels)
  return index.every((pixel) => {
    if (pixel < 0 || seen[pixel] === 1) return false
    seen[pixel] = 1
    return true
  })
}

/** Whether the result's pixels are the image's own, in order: a kernel of one pixel. */
export const isIdentity = ({ index, inputPixels, taps }: Windows): boolean =>
  taps === 1 && index.length === inputPixels && index.every((pixel, at) => pixel === at)

/**
 * The other way round: for each pixel of the image, where it is looked at.
 *
 * @returns `[inputPixels, depth]`: positions in `index`, or -1 where a pixel is looked at less often than others
 */
export const lookers = ({
  index,
  inputPixels
}: Windows): { readonly positions: Int32Array; readonly depth: number } => {
  const counts = new Int32Array(inputPixels)
  for (const pixel of index) if (pixel >= 0) counts[pixel] = (counts[pixel] ?? 0) + 1
  // Windows may lie in the padding altogether.
  const depth = counts.reduce((a, b) => Math.max(a, b), 1)
  const positions = new Int32Array(inputPixels * depth).fill(-1)
  counts.fill(0)
  for (const [position, pixel] of index.entries()) {
    if (pixel < 0) continue
    const count = counts[pixel] ?? 0
    positions[pixel * depth + count] = position
    counts[pixel] = count + 1
  }
  return { positions, depth }
}

/**
 * For each pixel of the image and each tap, the result's pixel that looks at it through that tap.
 *
 * @returns `[inputPixels, taps]`, -1 where there is none
 */
export const lookersByTap = ({ index, inputPixels, taps }: Windows): Int32Array => {
  const found = new Int32Array(inputPixels * taps).fill(-1)
  for (const [position, pixel] of index.entries())
    if (pixel >= 0) found[pixel * taps + (position % taps)] = Math.floor(position / taps)
  return found
}
