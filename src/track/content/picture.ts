/** Images of a dataset as PNG files. */
import { encode } from "fast-png"
import type { DatasetInfo } from "../../artifact/kinds/dataset.ts"

/** One image, row-major `[height, width, channels]` in [0, 1]. */
export type Pixels = Float32Array

/** Whether images of this shape can be drawn: grey or colour. */
export const isDrawable = ([, , channels]: DatasetInfo["shape"]): boolean => channels === 1 || channels === 3

/** Small images are enlarged by whole pixels until their longer side has about so many. */
const comfortableSide = 140
const gap = 2
const background = 64

/**
 * Images in rows and columns with a line between them. An absent one leaves its place empty.
 *
 * @param shape of each image; {@link isDrawable}
 * @param side how long the longer side of an image becomes, about
 */
export const drawImages = (
  [height, width, channels]: DatasetInfo["shape"],
  rows: ReadonlyArray<ReadonlyArray<Pixels | undefined>>,
  side = comfortableSide
): Uint8Array => {
  const scale = Math.max(1, Math.floor(side / Math.max(height, width)))
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const canvas = {
    width: columns * (width * scale + gap) - gap,
    height: rows.length * (height * scale + gap) - gap
  }
  const data = new Uint8Array(canvas.width * canvas.height * channels).fill(background)
  for (const [row, images] of rows.entries()) {
    for (const [column, image] of images.entries()) {
      if (image === undefined) continue
      const top = row * (height * scale + gap)
      const left = column * (width * scale + gap)
      for (let y = 0; y < height * scale; y++) {
        for (let x = 0; x < width * scale; x++) {
          const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels
          const to = ((top + y) * canvas.width + left + x) * channels
          for (let channel = 0; channel < channels; channel++)
            data[to + channel] = Math.round(255 * Math.min(1, Math.max(0, image[from + channel] ?? 0)))
        }
      }
    }
  }
  return encode({ ...canvas, data, channels }, { zlib: { level: 6 } })
}
