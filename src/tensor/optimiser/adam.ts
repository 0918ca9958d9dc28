/** Adam and AdamW. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { withDecay } from "./decay.ts"
import { type Optimiser, separately } from "./optimiser.ts"
import { power } from "./power.ts"
import { Fraction, NonNegative, Positive } from "./settings.ts"

const fields = {
  /** How much of the gradient's running mean stays; usually 0.9. */
  beta1: Fraction,
  /** How much of the running mean of its square stays; usually 0.999. */
  beta2: Fraction,
  /** Added to the root, after the bias correction; usually 1e-8 (Keras 1e-7). */
  epsilon: Positive,
  /** Applies to every parameter, biases too. */
  weightDecay: NonNegative
}

/** Adam; weight decay is part of the gradient. */
export const AdamSettings = Schema.Struct({ type: Schema.Literal("adam"), ...fields })

/** Adam whose weight decay shrinks the parameters by `learningRate * weightDecay`, apart from the gradient. */
export const AdamWSettings = Schema.Struct({ type: Schema.Literal("adamw"), ...fields })

type Settings = typeof AdamSettings.Type | typeof AdamWSettings.Type

/**
 * PyTorch's `Adam` and `AdamW`, without AMSGrad.
 *
 * With `mean = sum of beta1^i g` and `square = sum of beta2^i g^2`, the factors `1 - beta`, the bias corrections and the
 * learning rate all gather in two scalars, which leaves ten passes over a parameter: for large layers the update's time is
 * the time of these passes.
 *
 * @see Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1
 * @see Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2
 */
export const adam = ({ type, beta1, beta2, epsilon, weightDecay }: Settings): Optimiser => {
  const decoupled = type === "adamw" && weightDecay !== 0
  return separately({
    slots: ["mean", "square"],
    coefficients: (learningRate, update) => {
      const meanFactor = (1 - beta1) / (1 - power(beta1, update))
      const rootFactor = Math.sqrt((1 - beta2) / (1 - power(beta2, update)))
      return {
        rate: (learningRate * meanFactor) / rootFactor,
        epsilon: epsilon / rootFactor,
        ...(decoupled ? { keep: 1 - learningRate * weightDecay } : {})
      }
    },
    update: ({ parameter, gradient, slot, coefficient }) => {
      const slope = decoupled ? gradient : withDecay(gradient, parameter, weightDecay)
      const mean = tf.add(tf.mul(slot("mean"), beta1), slope)
      const square = tf.add(tf.mul(slot("square"), beta2), tf.square(slope))
      const direction = tf.div(mean, tf.add(tf.sqrt(square), coefficient("epsilon")))
      const kept = decoupled ? tf.mul(parameter, coefficient("keep")) : parameter
      return { parameter: tf.sub(kept, tf.mul(direction, coefficient("rate"))), slots: { mean, square } }
    }
  })
}
