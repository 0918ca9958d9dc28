/** Which way a gradient points: the steepest ascent of length one in a norm. */
import * as tf from "@tensorflow/tfjs-core"
import type { Norm } from "./attack.ts"
import { lengths } from "./ball.ts"

/**
 * For `linf` the gradient's sign, 0 where it is 0. For `l2` the gradient of each image over its length; 0 for an image
 * without a gradient.
 */
export const direction = (norm: Norm, gradient: tf.Tensor): tf.Tensor => {
  if (norm === "linf") return tf.sign(gradient)
  const scaled = byLargest(gradient)
  return tf.div(scaled, oneForZero(lengths(scaled)))
}

/**
 * A running sum of gradients, each over its mean absolute value.
 *
 * Dong et al. 2018 divide by the sum of absolute values, which is the same number for each of an image's gradients times
 * the mean: only the sum's length differs, and no direction depends on it.
 */
export const accumulate = (momentum: number, sum: tf.Tensor, gradient: tf.Tensor): tf.Tensor => {
  const scaled = byLargest(gradient)
  const mean = tf.mean(tf.abs(scaled), [1, 2, 3], true)
  return tf.add(tf.mul(sum, momentum), tf.div(scaled, oneForZero(mean)))
}

/** Each image's gradient over its largest absolute value: the square of 1e-25 would be 0 in float32. */
const byLargest = (gradient: tf.Tensor): tf.Tensor =>
  tf.div(gradient, oneForZero(tf.max(tf.abs(gradient), [1, 2, 3], true)))

/** A divisor that is never 0: what it would divide is 0 as well. */
const oneForZero = (values: tf.Tensor): tf.Tensor => tf.add(values, tf.cast(tf.equal(values, 0), "float32"))
