/** Strides and paddings in the forms that TensorFlow.js passes on. */
import { UnsupportedStep } from "../unsupported-step.ts"

type Pair = [number, number]
type Padding = "same" | "valid" | number | [Pair, Pair, Pair, Pair]

export const pairOf = (value: unknown, otherwise: Pair): Pair => {
  if (value == null) return otherwise
  if (typeof value === "number") return [value, value]
  if (Array.isArray(value)) {
    const [height, width] = value
    if (typeof height === "number" && typeof width === "number") return [height, width]
  }
  throw new UnsupportedStep(
    `a stride, dilation or window size is ${JSON.stringify(value)}`,
    "use one number, or two"
  )
}

export const paddingOf = (value: unknown): Padding => {
  if (value === "same" || value === "valid" || typeof value === "number") return value
  if (Array.isArray(value) && value.length === 4) {
    const [n, height, width, channels] = value.map((pair: unknown) => pairOf(pair, [0, 0]))
    if (n && height && width && channels) return [n, height, width, channels]
  }
  throw new UnsupportedStep(
    `a padding is ${JSON.stringify(value)}`,
    'use "same", "valid", a number or explicit pairs'
  )
}
