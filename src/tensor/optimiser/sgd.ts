/** Stochastic gradient descent. */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { withDecay } from "./decay.ts"
import { type Optimiser, separately } from "./optimiser.ts"
import { Fraction, NonNegative } from "./settings.ts"

export const SgdSettings = Schema.Struct({
  type: Schema.Literal("sgd"),
  /** 0 for none. */
  momentum: Fraction,
  /** Looks ahead by the momentum; does nothing without it. */
  nesterov: Schema.Boolean,
  /** Part of the gradient; applies to every parameter, biases too. */
  weightDecay: NonNegative
})

/** PyTorch's `SGD`, without dampening: the learning rate stands outside of the momentum. */
export const sgd = ({ momentum, nesterov, weightDecay }: typeof SgdSettings.Type): Optimiser =>
  separately({
    slots: momentum === 0 ? [] : ["momentum"],
    coefficients: (learningRate) => ({ learningRate }),
    update: ({ parameter, gradient, slot, coefficient }) => {
      const slope = withDecay(gradient, parameter, weightDecay)
      const move = (direction: tf.Tensor) => tf.sub(parameter, tf.mul(direction, coefficient("learningRate")))
      if (momentum === 0) return { parameter: move(slope), slots: {} }
      const velocity = tf.add(tf.mul(slot("momentum"), momentum), slope)
      const direction = nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity
      return { parameter: move(direction), slots: { momentum: velocity } }
    }
  })
