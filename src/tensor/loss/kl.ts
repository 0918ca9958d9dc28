/** The Kullback–Leibler divergence between two predictions. */
import * as tf from "@tensorflow/tfjs-core"

/**
 * How far the prediction moved: `sum of p (log p - log q)` per example, where `p` is the softmax of `clean` and `q` that of
 * `perturbed`, both logits `[n, k]`. Its gradient goes into both. Zero, and flat, where they are equal.
 *
 * @returns float32 `[n]`, in nats
 * @see Zhang et al. 2019, "Theoretically principled trade-off between robustness and accuracy" (TRADES), equation 5
 */
export const kl = (clean: tf.Tensor, perturbed: tf.Tensor): tf.Tensor =>
  tf.customGrad((...given) => {
    const save = given[2]
    const logP = tf.logSoftmax(clean)
    const logQ = tf.logSoftmax(perturbed)
    const p = tf.exp(logP)
    const difference = tf.sub(logP, logQ)
    const value = tf.sum(tf.mul(p, difference), 1)
    const toClean = tf.mul(p, tf.sub(difference, tf.expandDims(value, 1)))
    const toPerturbed = tf.sub(tf.exp(logQ), p)
    if (typeof save === "function") save([toClean, toPerturbed])
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) =>
        saved.map((slope) => tf.mul(slope, tf.expandDims(dy, 1)))
    }
  })(clean, perturbed)
