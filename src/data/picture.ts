/** Images of a data set, side by side, as a PNG. */
import { Effect, Schema } from "effect"
import { encode } from "fast-png"

/** A grid of images of one shape; a place without an image stays blank. */
export interface Grid {
  /** Height, width and channels of every image: one channel is grey, three are red, green and blue. */
  readonly shape: readonly [height: number, width: number, channels: number]
  /** Row by row; each image is row-major in [0, 1]. */
  readonly rows: ReadonlyArray<ReadonlyArray<Float32Array | Float64Array | undefined>>
  /** Every pixel becomes a square with sides of so many. */
  readonly scale: number
}

/** Images with a number of channels that cannot be shown. */
export class NotAPicture extends Schema.TaggedError<NotAPicture>()("NotAPicture", {
  channels: Schema.Int
}) {
  override get message() {
    return `images with ${this.channels} channels cannot be drawn; 1 (grey) and 3 (colour) can`
  }
}

/** Width of the lines between images, in pixels, and their shade. */
const gap = 2
const background = 64

/** Draws a grid. The bytes are the same on every machine: the encoder is plain JavaScript and notes no time. */
export const drawGrid = ({ shape, rows, scale }: Grid): Effect.Effect<Uint8Array, NotAPicture> => {
  const [height, width, channels] = shape
  if (channels !== 1 && channels !== 3) return new NotAPicture({ channels })
  return Effect.sync(() => {
    const columns = rows.reduce((most, row) => Math.max(most, row.length), 0)
    const canvas = {
      width: gap + columns * (width * scale + gap),
      height: gap + rows.length * (height * scale + gap)
    }
    const data = new Uint8Array(canvas.width * canvas.height * channels).fill(background)
    for (const [row, images] of rows.entries()) {
      const top = gap + row * (height * scale + gap)
      for (const [column, image] of images.entries()) {
        const left = gap + column * (width * scale + gap)
        if (image !== undefined) paste(data, canvas.width, image, shape, scale, top, left)
      }
    }
    return encode({ ...canvas, data, channels }, { zlib: { level: 9 } })
  })
}

const paste = (
  data: Uint8Array,
  canvasWidth: number,
  image: Float32Array | Float64Array,
  [height, width, channels]: Grid["shape"],
  scale: number,
  top: number,
  left: number
): void => {
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels
      const to = ((top + y) * canvasWidth + left + x) * channels
      for (let channel = 0; channel < channels; channel++) {
        data[to + channel] = Math.round(255 * Math.min(1, Math.max(0, image[from + channel] ?? 0)))
      }
    }
  }
}
