/** Fully connected layers, and the flatten that comes before them. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { elementsOf } from "../../../artifact/tensor-data.ts"
import { type Shape, type ShapeResult, shapeText } from "../shape.ts"
import { named, Size, weighted } from "./settings.ts"

/** Weight `[in, units]`, bias `[units]`. */
export const Dense = Schema.Struct({ type: Schema.Literal("dense"), ...named, units: Size, ...weighted })
export type Dense = typeof Dense.Type

/** One row of features per image: height outermost, channels innermost. PyTorch has channels outermost. */
export const Flatten = Schema.Struct({ type: Schema.Literal("flatten"), ...named })
export type Flatten = typeof Flatten.Type

export const denseShape = ({ units }: Dense, input: Shape): ShapeResult =>
  input.length === 1
    ? [units]
    : {
        problem: `it wants [features], and gets ${shapeText(input)}`,
        hint: 'put { type: "flatten" } before it'
      }

export const denseWeight = ({ units }: Dense, input: Shape): Shape => [input[0] ?? 0, units]

export const flattenShape = (input: Shape): Shape => [elementsOf(input)]

export const dense = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor => {
  const product = tf.matMul(x, weight)
  return bias === undefined ? product : tf.add(product, bias)
}

export const flatten = (x: tf.Tensor): tf.Tensor => {
  const [count = 0, ...shape] = x.shape
  return shape.length === 1 ? x : tf.reshape(x, [count, elementsOf(shape)])
}
