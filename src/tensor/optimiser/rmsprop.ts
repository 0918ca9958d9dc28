/** RMSProp. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { withDecay } from "./decay.ts"
import { type Optimiser, separately } from "./optimiser.ts"
import { Fraction, NonNegative, Positive } from "./settings.ts"

export const RmsPropSettings = Schema.Struct({
  type: Schema.Literal("rmsprop"),
  /** How much of the running mean of the squared gradient stays: 0.9 in study 4, 0.99 in PyTorch. */
  rho: Fraction,
  epsilon: Positive,
  /**
   * Where `epsilon` is added: to the root, as in PyTorch, or to the mean square under it, as in TensorFlow and in the Theano
   * tutorial of study 4. With 1e-6 that is a floor of 1e-6 or of 1e-3 under the root.
   */
  epsilonPlace: Schema.Literals(["outside", "inside"]),
  /** Part of the gradient; applies to every parameter, biases too. */
  weightDecay: NonNegative
})

/**
 * PyTorch's `RMSprop`, not centred and without momentum.
 *
 * With `square = sum of rho^i g^2`, the factor `1 - rho` moves from the tensor into the scalars.
 *
 * @see Tieleman & Hinton 2012, "Neural networks for machine learning", lecture 6.5
 */
export const rmsProp = (settings: typeof RmsPropSettings.Type): Optimiser => {
  const { rho, epsilon, epsilonPlace, weightDecay } = settings
  const rootFactor = Math.sqrt(1 - rho)
  return separately({
    slots: ["square"],
    coefficients: (learningRate) => ({ rate: learningRate / rootFactor }),
    update: ({ parameter, gradient, slot, coefficient }) => {
      const slope = withDecay(gradient, parameter, weightDecay)
      const square = tf.add(tf.mul(slot("square"), rho), tf.square(slope))
      const root =
        epsilonPlace === "inside"
          ? tf.sqrt(tf.add(square, epsilon / (1 - rho)))
          : tf.add(tf.sqrt(square), epsilon / rootFactor)
      const step = tf.mul(tf.div(slope, root), coefficient("rate"))
      return { parameter: tf.sub(parameter, step), slots: { square } }
    }
  })
}
