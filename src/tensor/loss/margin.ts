/** The Carlini–Wagner margin. */
import * as tf from "@tensorflow/tfjs-core"
import { classesOf, highest, type Loss, oneHot, pick, without, withSlope } from "./loss.ts"

/**
 * The best wrong logit minus the true one, at most `confidence`: positive where the classifier is wrong. Once an example is wrong
 * by `confidence`, its gradient is zero. Of equal wrong logits the first one counts.
 *
 * @param confidence kappa, at least 0; `Infinity` does not limit
 * @see Carlini & Wagner 2017, "Towards evaluating the robustness of neural networks", objective f6
 */
export const marginWith =
  (confidence: number): Loss =>
  (logits, labels) =>
    withSlope(logits, (z) => {
      const truth = oneHot(labels, classesOf(z))
      const slope = tf.sub(highest(without(z, truth)), truth)
      const margin = pick(z, slope)
      if (confidence === Number.POSITIVE_INFINITY) return { value: margin, slope }
      const open = tf.cast(tf.less(margin, confidence), "float32")
      return { value: tf.minimum(margin, confidence), slope: tf.mul(slope, tf.expandDims(open, 1)) }
    })

/** The margin without a limit. */
export const margin: Loss = marginWith(Number.POSITIVE_INFINITY)
