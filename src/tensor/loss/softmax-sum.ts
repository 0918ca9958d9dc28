/** The sum of a prediction's probabilities. */
import * as tf from "@tensorflow/tfjs-core"
import { type Loss, withSlope } from "./loss.ts"

/**
 * The sum of all probabilities, which is 1 whatever the network says. What is left of its gradient is rounding: each
 * probability times one minus their sum, which in float32 is 0 or a few times 6e-8, of either sign.
 *
 * It is for showing what `gradients(model(x), x)` computes where a loss was meant: TensorFlow differentiates the sum of
 * a network's outputs, and those of a softmax have this sum.
 *
 * @see Srivathsav et al., study 0 of this project, whose printed code follows this gradient
 */
export const softmaxSum: Loss = (logits) =>
  withSlope(logits, (z) => {
    const powers = tf.exp(tf.sub(z, tf.max(z, 1, true)))
    const probabilities = tf.div(powers, tf.sum(powers, 1, true))
    const value = tf.sum(probabilities, 1)
    return { value, slope: tf.mul(probabilities, tf.expandDims(tf.sub(1, value), 1)) }
  })
