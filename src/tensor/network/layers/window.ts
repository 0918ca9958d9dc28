/** Windows that slide over an image: padding and the size of what comes out. */
import { Schema } from "effect"
import { imageShape, type Misfit, type Shape, shapeText } from "../shape.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * `valid` pads nothing; `same` pads so that the output has ceil(input / stride) rows, the odd row at the bottom, as
 * TensorFlow does; `[[top, bottom], [left, right]]` pads just so (PyTorch's `padding: 1` is `[[1, 1], [1, 1]]`).
 */
export const Padding = Schema.Union([
  Schema.Literals(["valid", "same"]),
  Schema.Tuple([Schema.Tuple([Count, Count]), Schema.Tuple([Count, Count])])
])
export type Padding = typeof Padding.Type

export interface Window {
  readonly size: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly padding: Padding
}

/** Height and width of what a window yields over an image, and the image's channels. */
export const slide = (
  input: Shape,
  { size, strides, padding }: Window
): readonly [number, number, number] | Misfit => {
  const image = imageShape(input)
  if ("problem" in image) return image
  const [height, width, channels] = image
  const [rows, columns] = typeof padding === "string" ? [padding, padding] : padding
  const outHeight = positions(height, size[0], strides[0], rows)
  const outWidth = positions(width, size[1], strides[1], columns)
  if (outHeight >= 1 && outWidth >= 1) return [outHeight, outWidth, channels]
  return {
    problem: `its window of ${shapeText(size)} is larger than its input ${shapeText(input)}`,
    hint: 'use a smaller window, `padding: "same"`, or fewer poolings before it'
  }
}

const positions = (
  input: number,
  size: number,
  stride: number,
  padding: "valid" | "same" | readonly [number, number]
): number => {
  if (padding === "same") return Math.ceil(input / stride)
  const padded = padding === "valid" ? input : input + padding[0] + padding[1]
  return padded < size ? 0 : Math.floor((padded - size) / stride) + 1
}

/** A padding as TensorFlow.js takes it, for images in NHWC. */
export const tfPadding = (padding: Padding) =>
  typeof padding === "string" ? padding : explicit(padding[0], padding[1])

const explicit = (
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number]
): ExplicitPadding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0]
]

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]]

/** How many rows (axis 0) or columns (axis 1) a padding adds before and after. */
export const paddingOf = (
  padding: Padding,
  axis: 0 | 1,
  { input, size, stride }: { readonly input: number; readonly size: number; readonly stride: number }
): readonly [before: number, after: number] => {
  if (padding === "valid") return [0, 0]
  if (padding !== "same") return padding[axis]
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + size - input)
  const before = Math.floor(total / 2)
  return [before, total - before]
}
