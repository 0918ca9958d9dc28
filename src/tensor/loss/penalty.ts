/** Penalties on the size of weights. */
import * as tf from "@tensorflow/tfjs-core"
import type { StepTensors } from "../engine.ts"

/** The sum of the absolute values of the named tensors: a scalar. Its gradient at zero is zero. */
export const l1Penalty = (weights: StepTensors, names: ReadonlyArray<string>): tf.Tensor =>
  sumOver(weights, names, (weight) => tf.sum(tf.abs(weight)))

/** The sum of the squares of the named tensors, without a factor of one half: a scalar. */
export const l2Penalty = (weights: StepTensors, names: ReadonlyArray<string>): tf.Tensor =>
  sumOver(weights, names, (weight) => tf.sum(tf.square(weight)))

const sumOver = (
  weights: StepTensors,
  names: ReadonlyArray<string>,
  size: (weight: tf.Tensor) => tf.Tensor
): tf.Tensor => {
  let total: tf.Tensor | undefined
  for (const name of names) {
    const weight = weights[name]
    if (weight === undefined) throw new Error(`there is no weight \`${name}\` to penalise`)
    total = total === undefined ? size(weight) : tf.add(total, size(weight))
  }
  return total ?? tf.scalar(0)
}
