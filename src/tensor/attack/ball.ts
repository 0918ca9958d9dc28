/** The set an attack may not leave: the ball of radius epsilon around the clean images, within the box [0, 1]. */
import * as tf from "@tensorflow/tfjs-core"
import type { Norm } from "./attack.ts"

/** Moves images to the ball and the box; images that are inside stay where they are. */
export type Projection = (images: tf.Tensor) => tf.Tensor

/**
 * @param clean images `[n, height, width, channels]` in [0, 1]
 * @param epsilon a scalar, in the same unit
 */
export const projection = (norm: Norm, clean: tf.Tensor, epsilon: tf.Tensor): Projection =>
  norm === "linf" ? ontoCube(clean, epsilon) : ontoBall(clean, epsilon)

/**
 * Both limits are computed once, so that no rounding of `clean + (images - clean)` comes in between: with epsilon 0 they
 * are the clean images, bit for bit.
 */
const ontoCube = (clean: tf.Tensor, epsilon: tf.Tensor): Projection => {
  const lowest = tf.maximum(tf.sub(clean, epsilon), 0)
  const highest = tf.minimum(tf.add(clean, epsilon), 1)
  return (images) => tf.minimum(tf.maximum(images, lowest), highest)
}

/**
 * Scaling comes before clipping: the clean images are in the box, so clipping moves towards them in every coordinate
 * and never out of the ball.
 */
const ontoBall =
  (clean: tf.Tensor, epsilon: tf.Tensor): Projection =>
  (images) => {
    const perturbation = tf.sub(images, clean)
    const length = tf.maximum(lengths(perturbation), smallest)
    const shrunk = tf.mul(perturbation, tf.minimum(tf.div(epsilon, length), 1))
    return tf.minimum(tf.maximum(tf.add(clean, shrunk), 0), 1)
  }

/** Far below any length that counts, and far enough above 0 for a quotient in float32. */
const smallest = 1e-12

/**
 * Euclidean length of each image, `[n, 1, 1, 1]`.
 *
 * Rows are summed first and then their sums: one sum of thousands of terms would lose a digit in float32.
 */
export const lengths = (images: tf.Tensor): tf.Tensor =>
  tf.sqrt(tf.sum(tf.sum(tf.square(images), [2, 3], true), 1, true))
