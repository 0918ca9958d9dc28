/**
 * Fixed normalisation: (x - mean) / std, per channel.
 *
 * It is a part of the network, so that attacks see pixels in [0, 1] and their radius is in those units.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { type Shape, type ShapeResult, shapeText } from "../shape.ts"
import { named } from "./settings.ts"

export const Normalise = Schema.Struct({
  type: Schema.Literal("normalise"),
  ...named,
  /** One number per channel. */
  mean: Schema.NonEmptyArray(Schema.Finite),
  /** One number per channel, each above zero. */
  std: Schema.NonEmptyArray(Schema.Finite.check(Schema.isGreaterThan(0)))
})
export type Normalise = typeof Normalise.Type

export const normaliseShape = ({ mean, std }: Normalise, input: Shape): ShapeResult => {
  const channels = input.at(-1) ?? 0
  if (mean.length === channels && std.length === channels) return input
  return {
    problem: `it has ${mean.length} means and ${std.length} stds, and its input ${shapeText(input)} has ${channels} channels`,
    hint: `give ${channels} of each`
  }
}

export const normalise = ({ mean, std }: Normalise, x: tf.Tensor): tf.Tensor =>
  tf.div(tf.sub(x, constant(mean)), constant(std))

/** A number where all channels share it, which is cheaper than a row. */
const constant = (values: readonly [number, ...Array<number>]): number | tf.Tensor =>
  values.every((value) => value === values[0]) ? values[0] : tf.tensor1d([...values])
