/**
 * Batch normalisation over everything but the channels, of images and of features alike. The semantics are PyTorch's.
 *
 * - Training normalises by the batch's mean and its *biased* variance (divided by n).
 * - running = (1 - momentum) * running + momentum * batch, where the variance is the *unbiased* one (divided by n - 1).
 * - Evaluation normalises by the running mean and variance.
 *
 * Keras differs: its momentum is one minus this one (its default 0.99 is 0.01 here), its epsilon is 0.001 by default, and
 * the running variance of Keras 3 and of TensorFlow.js' layers is the biased one.
 *
 * @see Ioffe & Szegedy 2015, "Batch normalization"; https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { elementsOf } from "../../../artifact/tensor-data.ts"
import { named } from "./settings.ts"

/** Weight, bias, running_mean and running_var, each `[channels]`. The last two are not trained. */
export const BatchNorm = Schema.Struct({
  type: Schema.Literal("batchNorm"),
  ...named,
  /** The weight of the newest batch in the running statistics, in [0, 1]; PyTorch's default 0.1. */
  momentum: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(0.1))
  ),
  /** Added to the variance; PyTorch's default 0.00001. */
  epsilon: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(1e-5))
  )
})
export type BatchNorm = typeof BatchNorm.Type

export interface BatchNormTensors {
  readonly weight: tf.Tensor
  readonly bias: tf.Tensor
  readonly runningMean: tf.Tensor
  readonly runningVar: tf.Tensor
}

/** Evaluation: two ops on the batch, the others on a row of channels. */
export const batchNorm = ({ epsilon }: BatchNorm, x: tf.Tensor, tensors: BatchNormTensors): tf.Tensor => {
  const { weight, bias, runningMean, runningVar } = tensors
  const scale = tf.mul(weight, tf.rsqrt(tf.add(runningVar, epsilon)))
  return tf.add(tf.mul(x, scale), tf.sub(bias, tf.mul(runningMean, scale)))
}

/** Training: the batch normalised by itself, and the next running statistics. */
export const batchNormTraining = (layer: BatchNorm, x: tf.Tensor, tensors: BatchNormTensors) => {
  const count = elementsOf(x.shape.slice(0, -1))
  // The unbiased variance of one value is 0 / 0.
  if (count < 2)
    throw new Error("batch normalisation cannot train on one value per channel: use a larger batch")
  const axes = x.shape.slice(0, -1).map((_, axis) => axis)
  const mean = tf.mean(x, axes)
  const variance = tf.mean(tf.square(tf.sub(x, mean)), axes)
  const { momentum } = layer
  const moved = (running: tf.Tensor, batch: tf.Tensor, weight: number) =>
    tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, weight))
  return {
    output: normaliseByBatch(x, tensors.weight, tensors.bias, {
      mean,
      variance,
      axes,
      epsilon: layer.epsilon
    }),
    runningMean: moved(tensors.runningMean, mean, momentum),
    runningVar: moved(tensors.runningVar, variance, (momentum * count) / (count - 1))
  }
}

interface BatchStatistics {
  readonly mean: tf.Tensor
  readonly variance: tf.Tensor
  readonly axes: Array<number>
  readonly epsilon: number
}

/**
 * (x - mean) * weight / sqrt(variance + epsilon) + bias, whose gradient knows that mean and variance depend on x.
 *
 * With the gradient written out, the way back takes two sums over the batch and five other ops on it; following the
 * forward ops one by one takes about twice as many.
 *
 * @see Ioffe & Szegedy 2015, section 3, the gradients after algorithm 1, put together
 */
const normaliseByBatch = (
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  { mean, variance, axes, epsilon }: BatchStatistics
): tf.Tensor =>
  tf.customGrad((...given) => {
    const centred = tf.sub(x, mean)
    const inverse = tf.rsqrt(tf.add(variance, epsilon))
    const scale = tf.mul(weight, inverse)
    // What the way back needs has to be saved, or it would be gone by then.
    const save = given.at(-1)
    if (typeof save === "function") save([centred, inverse, scale])
    return {
      value: tf.add(tf.mul(centred, scale), bias),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => gradients(dy, saved, axes)
    }
  })(x, weight, bias)

const gradients = (
  dy: tf.Tensor,
  [centred, inverse, scale]: Array<tf.Tensor>,
  axes: Array<number>
): Array<tf.Tensor> => {
  if (centred === undefined || inverse === undefined || scale === undefined)
    throw new Error("the gradient of a batch normalisation lost what its forward pass saved")
  const count = elementsOf(axes.map((axis) => dy.shape[axis] ?? 1))
  const dBias = tf.sum(dy, axes)
  const dWeight = tf.mul(tf.sum(tf.mul(dy, centred), axes), inverse)
  const alongMean = tf.div(dBias, count)
  const alongVariance = tf.mul(centred, tf.div(tf.mul(dWeight, inverse), count))
  const dx = tf.mul(tf.sub(tf.sub(dy, alongMean), alongVariance), scale)
  return [dx, dWeight, dBias]
}
