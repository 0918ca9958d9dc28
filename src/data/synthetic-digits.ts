/**
 * `synthetic-digits`: 28 × 28 handwritten-looking digits, generated.
 *
 * A digit is the skeleton of one of its styles, its points moved a little, bent by a smooth random field, slanted,
 * stretched and rotated, then drawn with a pen of its own thickness, pressure and softness. Image `i` is a function of
 * (seed, split, i) alone, so any range of a set can be drawn at any time. All of it is plain IEEE arithmetic, without
 * `Math.sin` and its like, so the bytes are the same on every machine.
 */
import type { DatasetInfo, RawRows } from "../artifact/index.ts"
import { digitSkeletons, type Stroke, type Style } from "./digit-skeletons.ts"
import { drawPath } from "./ink.ts"
import { RandomStream } from "./random.ts"

export type SyntheticSplit = "train" | "test"

/** Which images to draw. */
export interface SyntheticSet {
  /** Any safe integer. */
  readonly seed: number
  /** Two splits of one seed share no random number, and so no image. */
  readonly split: SyntheticSplit
}

const side = 28
const pixels = side * side
const classes = 10

export const syntheticInfo = ({ seed, split }: SyntheticSet): DatasetInfo => ({
  name: `synthetic-digits ${split}`,
  shape: [side, side, 1],
  classes: Array.from({ length: classes }, (_, digit) => `${digit}`),
  notes: { seed, split, generated: true }
})

/** Draws images `from` up to, not including, `to`. Every block of ten images holds each digit once. */
export const syntheticDigits = (set: SyntheticSet, from: number, to: number): RawRows => {
  const images = new Uint8Array((to - from) * pixels)
  const labels = new Int32Array(to - from)
  const ink = new Float32Array(pixels)
  let block = -1
  let order: Int32Array = new Int32Array(classes)
  for (let index = from; index < to; index++) {
    if (Math.floor(index / classes) !== block) {
      block = Math.floor(index / classes)
      order = streamOf(set, "labels", block).permutation(classes)
    }
    const digit = order[index % classes] ?? 0
    const row = index - from
    labels[row] = digit
    drawDigit(digit, streamOf(set, "images", index), ink, images.subarray(row * pixels, (row + 1) * pixels))
  }
  return { images, labels }
}

const streamOf = ({ seed, split }: SyntheticSet, what: "images" | "labels", index: number): RandomStream =>
  new RandomStream({ seed, purpose: purposes[split][what], index })

// Different numbers in every place, here and wherever else seeds are used for data.
const purposes = {
  train: { images: 1, labels: 2 },
  test: { images: 3, labels: 4 }
}

const drawDigit = (digit: number, random: RandomStream, ink: Float32Array, image: Uint8Array): void => {
  const styles = digitSkeletons[digit] ?? []
  const strokes = moveInto(
    box(random),
    warp(movePoints(styles[random.int(styles.length)] ?? [], random), random)
  )
  const pen = randomPen(random)
  ink.fill(0)
  for (const stroke of strokes) drawPath(ink, side, withPen(smooth(stroke), pen), pen.softness)
  develop(ink, image, random)
}

/** How far a skeleton's points wander, as a share of the digit's size. */
const wander = 0.037

const movePoints = (style: Style, random: RandomStream): Style =>
  style.map((stroke) => {
    const moved: Array<number> = []
    for (let at = 0; at < stroke.length; at += 2) {
      // A corner is one point written twice: both must move alike to stay a corner.
      const corner = at > 0 && stroke[at] === stroke[at - 2] && stroke[at + 1] === stroke[at - 1]
      const x = corner ? (moved[at - 2] ?? 0) : (stroke[at] ?? 0) + wander * random.normal()
      const y = corner ? (moved[at - 1] ?? 0) : (stroke[at + 1] ?? 0) + wander * random.normal()
      moved.push(x, y)
    }
    return moved
  })

/** Points along each side of the grid whose random displacements bend a digit, and how far they move. */
const gridSide = 4
const bend = 0.06

/** Bends, stretches, slants and rotates strokes around the middle of the unit square. */
const warp = (style: Style, random: RandomStream): Style => {
  const grid = Float64Array.from({ length: 2 * gridSide * gridSide }, () => bend * random.normal())
  const stretch = 0.72 * (1 + 0.16 * random.normal())
  const slant = 0.1 + 0.2 * random.normal()
  const taper = 0.15 * random.normal()
  const angle = 0.13 * random.normal()
  // The first terms of the series: a digit need not be rotated exactly.
  const sine = angle - angle ** 3 / 6
  const cosine = 1 - angle ** 2 / 2 + angle ** 4 / 24
  return style.map((stroke) => {
    const warped: Array<number> = []
    for (let at = 0; at < stroke.length; at += 2) {
      const x = stroke[at] ?? 0
      const y = stroke[at + 1] ?? 0
      const down = y - 0.5 + displacement(grid, x, y, 1)
      const across = (x - 0.5 + displacement(grid, x, y, 0)) * stretch * (1 + taper * down) - slant * down
      warped.push(cosine * across - sine * down, sine * across + cosine * down)
    }
    return warped
  })
}

/** The displacement at a place of the unit square along one axis (0 for x, 1 for y), between its four grid points. */
const displacement = (grid: Float64Array, x: number, y: number, axis: 0 | 1): number => {
  const gx = Math.min(0.999, Math.max(0, x)) * (gridSide - 1)
  const gy = Math.min(0.999, Math.max(0, y)) * (gridSide - 1)
  const column = Math.floor(gx)
  const row = Math.floor(gy)
  const right = gx - column
  const below = gy - row
  const at = (r: number, c: number): number => grid[2 * (r * gridSide + c) + axis] ?? 0
  const upper = at(row, column) * (1 - right) + at(row, column + 1) * right
  const lower = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right
  return upper * (1 - below) + lower * below
}

/** Where a digit lies on the canvas, in pixels. */
interface Box {
  readonly size: number
  readonly centreX: number
  readonly centreY: number
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

const box = (random: RandomStream): Box => ({
  size: clamp(18.5 + 0.9 * random.normal(), 16, 20.5),
  centreX: 13.5 + clamp(0.7 * random.normal(), -1.8, 1.8),
  centreY: 13.5 + clamp(0.7 * random.normal(), -1.8, 1.8)
})

/** Scales strokes so that the longer side of their bounds is the box's size, as MNIST's makers did. */
const moveInto = ({ size, centreX, centreY }: Box, style: Style): Style => {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let [right, bottom] = [-left, -top]
  for (const stroke of style) {
    for (let at = 0; at < stroke.length; at += 2) {
      left = Math.min(left, stroke[at] ?? 0)
      right = Math.max(right, stroke[at] ?? 0)
      top = Math.min(top, stroke[at + 1] ?? 0)
      bottom = Math.max(bottom, stroke[at + 1] ?? 0)
    }
  }
  const scale = size / Math.max(right - left, bottom - top)
  return style.map((stroke) =>
    stroke.map((value, at) =>
      at % 2 === 0
        ? centreX + (value - (left + right) / 2) * scale
        : centreY + (value - (top + bottom) / 2) * scale
    )
  )
}

/** Straight pieces per stretch between two points of a skeleton. */
const pieces = 4

/** A smooth curve through a stroke's points, after Catmull and Rom, as points close to each other. */
const smooth = (stroke: Stroke): Stroke => {
  const last = stroke.length - 2
  const curve: Array<number> = []
  for (let at = 0; at < last; at += 2) {
    if (stroke[at] === stroke[at + 2] && stroke[at + 1] === stroke[at + 3]) continue
    for (let piece = 0; piece < pieces; piece++) {
      const t = piece / pieces
      curve.push(spline(stroke, at, last, t), spline(stroke, at + 1, last + 1, t))
    }
  }
  curve.push(stroke[last] ?? 0, stroke[last + 1] ?? 0)
  return curve
}

const spline = (stroke: Stroke, at: number, last: number, t: number): number => {
  const here = stroke[at] ?? 0
  const next = stroke[at + 2] ?? 0
  const before = at < 2 ? here : (stroke[at - 2] ?? 0)
  const after = at + 2 >= last ? next : (stroke[at + 4] ?? 0)
  const bending = 2 * before - 5 * here + 4 * next - after
  const twist = 3 * (here - next) + after - before
  return here + 0.5 * t * (next - before + t * (bending + t * twist))
}

/** What a digit is drawn with. Radii in pixels: at the start, in the middle and at the end of every stroke. */
interface Pen {
  readonly radii: readonly [number, number, number]
  readonly softness: number
}

const randomPen = (random: RandomStream): Pen => {
  const radius = clamp(1.25 + 0.38 * random.normal(), 0.6, 2.3)
  const pressed = (): number => Math.max(0.5, radius * (1 + 0.16 * random.normal()))
  return { radii: [pressed(), pressed(), pressed()], softness: random.between(0.9, 1.8) }
}

const withPen = (curve: Stroke, { radii: [start, middle, end] }: Pen): ReadonlyArray<number> => {
  const path: Array<number> = []
  for (let at = 0; at < curve.length; at += 2) {
    const along = (2 * at) / curve.length
    const radius = along < 1 ? start + (middle - start) * along : middle + (end - middle) * (along - 1)
    path.push(curve[at] ?? 0, curve[at + 1] ?? 0, radius)
  }
  return path
}

/** Turns ink into bytes: uneven, grainy and seldom quite black. Paper stays exactly 0, as in MNIST. */
const develop = (ink: Float32Array, image: Uint8Array, random: RandomStream): void => {
  const pressure = random.between(0.82, 1.04)
  const grain = random.between(0.02, 0.16)
  let word = 0
  let left = 0
  for (let pixel = 0; pixel < ink.length; pixel++) {
    const value = ink[pixel] ?? 0
    if (value === 0) continue
    // One random word is enough for four pixels.
    if (left === 0) {
      word = random.uint32()
      left = 4
    }
    const noise = (word & 255) / 255
    word >>>= 8
    left--
    image[pixel] = Math.min(255, Math.round(255 * value * pressure * (1 - grain * noise)))
  }
}
