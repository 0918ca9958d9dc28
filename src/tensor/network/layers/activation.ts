/** Functions of single numbers. They keep the shape. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { named } from "./settings.ts"

/**
 * - `elu`: x, or exp(x) - 1 below zero (Clevert et al. 2016, alpha 1)
 * - `gelu`: x times the normal distribution function (Hendrycks & Gimpel 2016), exact, not its tanh approximation
 * - `softplus`: log(1 + exp(x))
 *
 * Softmax is not among them: networks give logits, and losses take them. A loss on probabilities loses its gradient
 * where the network is sure of itself.
 */
export const Activation = Schema.Struct({
  type: Schema.Literals(["relu", "elu", "sigmoid", "tanh", "softplus", "gelu"]),
  ...named
})
export type Activation = typeof Activation.Type

/** x, or `alpha` times x below zero. There is no default: Keras has 0.3, PyTorch 0.01. */
export const LeakyRelu = Schema.Struct({
  type: Schema.Literal("leakyRelu"),
  ...named,
  alpha: Schema.Finite
})
export type LeakyRelu = typeof LeakyRelu.Type

export const activate = (layer: Activation | LeakyRelu, x: tf.Tensor): tf.Tensor => {
  switch (layer.type) {
    case "relu":
      return tf.relu(x)
    case "leakyRelu":
      return tf.leakyRelu(x, layer.alpha)
    case "elu":
      return tf.elu(x)
    case "sigmoid":
      return tf.sigmoid(x)
    case "tanh":
      return tf.tanh(x)
    case "softplus":
      return tf.softplus(x)
    case "gelu":
      return gelu(x)
  }
}

const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))
