/** Cross-entropy on logits. */
import * as tf from "@tensorflow/tfjs-core"
import { classesOf, type Loss, oneHot, withSlope } from "./loss.ts"

/**
 * Cross-entropy with label smoothing: the target is `(1 - smoothing)` at the label plus `smoothing / k` everywhere.
 *
 * The true class's slope is minus the sum of the others' probabilities, not its own probability minus one: in
 * float32 that difference is exactly zero from a logit gap of 17 on, and with it the true class would drop out of the
 * gradient that an attack follows. This form is right to a gap of 87, where the probabilities themselves run out of range.
 *
 * @param smoothing in [0, 1); 0 is plain cross-entropy
 * @see Szegedy et al. 2016, "Rethinking the inception architecture", section 7, for label smoothing
 */
export const crossEntropyWith =
  (smoothing: number): Loss =>
  (logits, labels) =>
    withSlope(logits, (z) => {
      const classes = classesOf(z)
      const truth = oneHot(labels, classes)
      const shifted = tf.sub(z, tf.max(z, 1, true))
      const powers = tf.exp(shifted)
      const total = tf.sum(powers, 1, true)
      const others = tf.mul(tf.div(powers, total), tf.sub(1, truth))
      const plain = tf.sub(others, tf.mul(truth, tf.sum(others, 1, true)))
      const logTotal = tf.squeeze(tf.log(total), [1])
      if (smoothing === 0) return { value: tf.sub(logTotal, tf.sum(tf.mul(shifted, truth), 1)), slope: plain }
      const target = tf.add(tf.mul(truth, 1 - smoothing), smoothing / classes)
      return {
        value: tf.sub(logTotal, tf.sum(tf.mul(shifted, target), 1)),
        slope: tf.add(plain, tf.sub(truth, target))
      }
    })

/** Cross-entropy: minus the logarithm of the true class's probability. */
export const crossEntropy: Loss = crossEntropyWith(0)
