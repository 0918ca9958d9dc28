/**
 * `synthetic-shapes`: 32 × 32 colour images of ten plane figures, generated.
 *
 * A figure in one colour, turned, scaled and moved, lies before a background that fades from one colour to another, and grains
 * cover both. Colours say nothing of the class, and no class becomes another one when an image is mirrored. Image `i` is a
 * function of (seed, split, i) alone, in plain IEEE arithmetic, so the bytes are the same on every machine.
 */
import type { DatasetInfo, RawRows } from "../artifact/index.ts"
import { RandomStream } from "./random.ts"

/** Which images to draw. Two splits of one seed share no random number, and so no image. */
export interface SyntheticShapesSet {
  /** Any safe integer. */
  readonly seed: number
  readonly split: "train" | "test"
}

const side = 32
const channels = 3

/** Whether a point is in a figure, whose size is about one; x to the right, y down, zero in its middle. */
type Figure = (x: number, y: number) => boolean

const { abs, max, sqrt } = Math
const inSquare = (x: number, y: number, half: number): boolean => max(abs(x), abs(y)) <= half
const inDisc = (x: number, y: number, radius: number): boolean => x * x + y * y <= radius * radius

const figures: { readonly [name: string]: Figure } = {
  disc: (x, y) => inDisc(x, y, 0.85),
  ring: (x, y) => inDisc(x, y, 0.95) && !inDisc(x, y, 0.6),
  square: (x, y) => inSquare(x, y, 0.75),
  frame: (x, y) => inSquare(x, y, 0.85) && !inSquare(x, y, 0.5),
  triangle: (x, y) => y <= 0.7 && y >= 2 * abs(x) - 0.95,
  cross: (x, y) => inSquare(x, y, 0.95) && (abs(x) <= 0.28 || abs(y) <= 0.28),
  bar: (x, y) => abs(x) <= 0.3 && abs(y) <= 1,
  bars: (x, y) => abs(x) <= 0.85 && abs(x) >= 0.4 && abs(y) <= 0.95,
  "two discs": (x, y) => inDisc(abs(x) - 0.6, y, 0.45),
  crescent: (x, y) => inDisc(x, y, 0.95) && !inDisc(x, y + 0.5, 0.85)
}

const classes = Object.keys(figures)

export const syntheticShapesInfo = ({ seed, split }: SyntheticShapesSet): DatasetInfo => ({
  name: `synthetic-shapes ${split}`,
  shape: [side, side, channels],
  classes,
  notes: { seed, split, generated: true }
})

/** Draws images `from` up to, not including, `to`. Every block of ten images holds each figure once. */
export const syntheticShapes = (set: SyntheticShapesSet, from: number, to: number): RawRows => {
  const size = side * side * channels
  const images = new Uint8Array((to - from) * size)
  const labels = new Int32Array(to - from)
  for (let index = from; index < to; index++) {
    const block = Math.floor(index / classes.length)
    const order = streamOf(set, "labels", block).permutation(classes.length)
    const label = order[index % classes.length] ?? 0
    const row = index - from
    labels[row] = label
    const figure = figures[classes[label] ?? ""]
    if (figure !== undefined)
      draw(figure, streamOf(set, "images", index), images.subarray(row * size, (row + 1) * size))
  }
  return { images, labels }
}

/** What these random numbers are for: no other use of a seed has this number. */
const purpose = 19

/** Splits, images and labels take their numbers from places so far apart that none reaches another's. */
const streamOf = ({ seed, split }: SyntheticShapesSet, what: "images" | "labels", index: number) =>
  new RandomStream({ seed, purpose, index: index + places[split][what] * 2 ** 48 })

const places = { train: { images: 0, labels: 1 }, test: { images: 2, labels: 3 } }

const draw = (figure: Figure, random: RandomStream, image: Uint8Array): void => {
  const [above, below, front] = colours(random)
  const scale = random.between(7, 11)
  const centreX = (side - 1) / 2 + random.between(-4, 4)
  const centreY = (side - 1) / 2 + random.between(-4, 4)
  const { cosine, sine } = turn(random)
  const grain = random.between(8, 28)
  let word = 0
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const covered = coverage((px, py) => {
        const dx = (x + px - centreX) / scale
        const dy = (y + py - centreY) / scale
        return figure(cosine * dx + sine * dy, cosine * dy - sine * dx)
      })
      for (let channel = 0; channel < channels; channel++) {
        const back =
          (above[channel] ?? 0) + (((below[channel] ?? 0) - (above[channel] ?? 0)) * y) / (side - 1)
        const value = back + covered * ((front[channel] ?? 0) - back)
        const at = (y * side + x) * channels + channel
        word = at % 4 === 0 ? random.uint32() : word >>> 8
        const noisy = value + grain * ((word & 255) / 127.5 - 1)
        image[at] = max(0, Math.min(255, Math.round(noisy)))
      }
    }
  }
}

/** The share of a pixel that a figure covers, from four points of it. */
const coverage = (inside: (x: number, y: number) => boolean): number =>
  (Number(inside(-0.25, -0.25)) +
    Number(inside(0.25, -0.25)) +
    Number(inside(-0.25, 0.25)) +
    Number(inside(0.25, 0.25))) /
  4

type Colour = readonly [number, number, number]

/** Two colours of a background, and one that can be told from both. */
const colours = (random: RandomStream): readonly [Colour, Colour, Colour] => {
  const above = colour(random)
  const below = colour(random)
  let front = colour(random)
  for (
    let tries = 0;
    tries < 8 && max(0, 80 - distance(front, above), 80 - distance(front, below)) > 0;
    tries++
  )
    front = colour(random)
  return [above, below, front]
}

const colour = (random: RandomStream): Colour => [
  random.between(20, 235),
  random.between(20, 235),
  random.between(20, 235)
]

const distance = (a: Colour, b: Colour): number =>
  sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)

/** A turn by 0.35 radians at most, either way. The first terms of the series do: it need not be exact. */
const turn = (random: RandomStream) => {
  const angle = random.between(-0.35, 0.35)
  return { sine: angle - angle ** 3 / 6, cosine: 1 - angle ** 2 / 2 + angle ** 4 / 24 }
}
