/**
 * The difference of logits ratio: a margin that does not change when all logits are scaled or shifted, so that a confident
 * network does not hide its gradient.
 *
 * @see Croce & Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
 *   attacks", equations 6 and 7
 */
import * as tf from "@tensorflow/tfjs-core"
import { classesOf, highest, type Loss, oneHot, pick, without, withSlope } from "./loss.ts"

/** Keeps the ratio finite where the compared logits are equal; the authors' code has the same. */
const tiny = 1e-12

/** Equation 6: `(best wrong logit - true logit) / (largest - third largest)`. Needs at least three classes. */
export const dlr: Loss = (logits, labels) =>
  withSlope(logits, (z) => {
    const truth = oneHot(labels, classesOf(z))
    const [first, , third] = leading(z, 3)
    return ratio(z, tf.sub(highest(without(z, truth)), truth), tf.sub(first, third))
  })

/**
 * Equation 7: `(target's logit - true logit) / (largest - mean of third and fourth largest)`, larger the closer the example is
 * to being taken for the target. Needs at least four classes.
 *
 * @param targets int32 `[n]`: a wrong class for each example
 */
export const dlrTargeted = (logits: tf.Tensor, labels: tf.Tensor, targets: tf.Tensor): tf.Tensor =>
  withSlope(logits, (z) => {
    const classes = classesOf(z)
    const [first, , third, fourth] = leading(z, 4)
    const span = tf.sub(first, tf.mul(tf.add(third, fourth), 0.5))
    return ratio(z, tf.sub(oneHot(targets, classes), oneHot(labels, classes)), span)
  })

/** The quotient of two linear functions of the logits, which `over` and `under` `[n, k]` hold the coefficients of. */
const ratio = (z: tf.Tensor, over: tf.Tensor, under: tf.Tensor) => {
  const denominator = tf.add(pick(z, under), tiny)
  const value = tf.div(pick(z, over), denominator)
  const slope = tf.div(tf.sub(over, tf.mul(under, tf.expandDims(value, 1))), tf.expandDims(denominator, 1))
  return { value, slope }
}

/** Marks `[n, k]` of the largest logit, the second largest, and so on; of equal ones the first comes first. */
const leading = (z: tf.Tensor, count: 3 | 4): readonly [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] => {
  const first = highest(z)
  const second = highest(without(z, first))
  const third = highest(without(z, tf.add(first, second)))
  if (count === 3) return [first, second, third, third]
  return [first, second, third, highest(without(z, tf.add(tf.add(first, second), third)))]
}
