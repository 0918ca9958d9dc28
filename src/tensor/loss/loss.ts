/**
 * What a loss is, and the helper that gives one its gradient.
 *
 * A loss is larger the worse the classifier does: training minimises it, an untargeted attack maximises it.
 */
import * as tf from "@tensorflow/tfjs-core"

/**
 * A loss per example.
 *
 * @param logits float32 `[n, k]`, not probabilities
 * @param labels int32 `[n]`, in [0, k)
 * @returns float32 `[n]`
 */
export type Loss = (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor

/** A loss's values `[n]`, and how fast each grows with each of its logits, `[n, k]`. */
export interface ValueAndSlope {
  readonly value: tf.Tensor
  readonly slope: tf.Tensor
}

/**
 * A function of logits whose gradient is known in closed form: `f` gives both.
 *
 * What TensorFlow.js would derive from the forward pass is longer, and loses digits where a probability rounds to one.
 */
export const withSlope = (logits: tf.Tensor, f: (logits: tf.Tensor) => ValueAndSlope): tf.Tensor =>
  tf.customGrad((...given) => {
    const save = given[1]
    const { value, slope } = f(logits)
    if (typeof save === "function") save([slope])
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) =>
        saved.map((kept) => tf.mul(kept, tf.expandDims(dy, 1)))
    }
  })(logits)

/** `[n, k]` with a one at each label. */
export const oneHot = (labels: tf.Tensor, classes: number): tf.Tensor =>
  tf.oneHot(tf.cast(labels, "int32"), classes, 1, 0, "float32")

/** How many classes logits `[n, k]` have. */
export const classesOf = (logits: tf.Tensor): number => logits.shape[1] ?? 0

/** The logits without the marked ones: those are so low that no maximum finds them. `mark` is `[n, k]` of 0 and 1. */
export const without = (logits: tf.Tensor, mark: tf.Tensor): tf.Tensor => tf.sub(logits, tf.mul(mark, 1e30))

/** `[n, k]` with a one at each row's maximum, at the first of several. */
export const highest = (logits: tf.Tensor): tf.Tensor => oneHot(tf.argMax(logits, 1), classesOf(logits))

/** The marked logit of each row, `[n]`; `mark` is `[n, k]` with a single one per row. */
export const pick = (logits: tf.Tensor, mark: tf.Tensor): tf.Tensor => tf.sum(tf.mul(logits, mark), 1)
