/** Weight decay as part of the gradient. */
import * as tf from "@tensorflow/tfjs-core"

/** The gradient of the loss plus `weightDecay / 2` times the parameter's square: PyTorch's coupled decay. */
export const withDecay = (gradient: tf.Tensor, parameter: tf.Tensor, weightDecay: number): tf.Tensor =>
  weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay))
