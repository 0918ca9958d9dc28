/**
 * Training on images that FGSM attacked as the network stands, with one of several epsilons and with any clamp: adversarial
 * training as papers before Madry et al. have it.
 *
 * @see Goodfellow et al. 2015, "Explaining and harnessing adversarial examples", section 6
 */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"
import { direction } from "../attack/direction.ts"
import { type Clamp, OneStepAttack } from "../attack/one-step.ts"
import { type Loss, losses } from "../loss/index.ts"
import { apply, applyTraining, type Network } from "../network/index.ts"
import { named } from "../optimiser/index.ts"
import type { BatchPosition, Objective } from "./objective.ts"

/** What a network is trained against: one step from the image itself, on the true label. */
export const OneStepTraining = Schema.Struct({
  ...OneStepAttack.fields,
  /**
   * L-infinity radii in units of the pixel range [0, 1]; each image of each epoch gets one of them at random. An epsilon that
   * stands there twice is twice as likely; 0 is the image as it is, but for the clamp.
   */
  epsilons: Schema.NonEmptyArray(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)))
})
export type OneStepTraining = typeof OneStepTraining.Type

/** What the choice among epsilons is drawn for: no other use of a seed has this number. */
const purpose = 20

/** Minimises a loss of attacked images. The attack sees the network in evaluation mode. */
export const oneStepObjective = (network: Network, attack: OneStepTraining, loss: Loss): Objective => ({
  inputs: (batch) => ({ attackEpsilon: { dtype: "F32", shape: [batch, 1, 1, 1] } }),
  draw: (position) => ({ attackEpsilon: drawEpsilons(attack, position) }),
  prepare: ({ weights, images, labels, extras }) => {
    const gradient = tf.grad((each) => tf.sum(losses[attack.loss](apply(network, weights, each), labels)))(
      images
    )
    const step = tf.mul(direction("linf", gradient), named(extras, "attackEpsilon"))
    return { attacked: clamped(tf.add(images, step), attack.clamp) }
  },
  loss: ({ weights, labels, masks, extras }) => {
    const { logits, statistics } = applyTraining(network, weights, named(extras, "attacked"), masks)
    return { losses: loss(logits, labels), logits, statistics }
  }
})

const clamped = (images: tf.Tensor, clamp: Clamp): tf.Tensor =>
  clamp === null ? images : tf.minimum(tf.maximum(images, clamp.lowest), clamp.highest)

/** An epsilon for each image, `[n, 1, 1, 1]`. It belongs to the image and the epoch, not to the batch. */
const drawEpsilons = ({ epsilons }: OneStepTraining, { seed, epoch, rows }: BatchPosition): TensorData => ({
  dtype: "F32",
  shape: [rows.length, 1, 1, 1],
  data: Float32Array.from(rows, (row) => {
    const random = new RandomStream({ seed, purpose, index: epoch * 2 ** 32 + row })
    return epsilons[random.int(epsilons.length)] ?? epsilons[0]
  })
})
