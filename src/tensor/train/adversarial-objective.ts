/**
 * Adversarial training: each batch is attacked as the network stands, inside the training step, and the loss is that of the
 * attacked images.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"
import { Norm } from "../attack/attack.ts"
import { projection } from "../attack/ball.ts"
import { takeSteps } from "../attack/loop.ts"
import { drawNoise } from "../attack/noise.ts"
import { type Loss, LossName, losses } from "../loss/index.ts"
import { apply, applyTraining, type Network } from "../network/index.ts"
import { named } from "../optimiser/index.ts"
import type { BatchPosition, Objective } from "./objective.ts"

const Length = Schema.Finite.check(Schema.isGreaterThan(0))

/**
 * What a network is trained against: an attack on the true label, whose last point counts. FGSM with a random start is one
 * step of it. Lengths are in the norm, in units of the pixel range [0, 1].
 *
 * @see Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks", section 2.1
 * @see Wong, Rice & Kolter 2020, "Fast is better than free", algorithm 3
 */
export const TrainingAttack = Schema.Struct({
  norm: Norm,
  /** Radius of the ball; for `linf` at most 1. */
  epsilon: Length,
  stepSize: Length,
  steps: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  /** What the attack makes larger. Training minimises the loss of its own options. */
  loss: LossName,
  /** As in `Attack`. */
  randomStart: Schema.Literals(["none", "uniform", "boundary"]),
  /**
   * Over so many epochs epsilon and the step size grow from 0 to their values, linearly; 0 for none. At a large epsilon a
   * fresh network may otherwise learn nothing at first but the classes' frequencies.
   */
  warmupEpochs: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
}).check(
  Schema.makeFilter(({ norm, epsilon }) =>
    norm === "linf" && epsilon > 1
      ? { path: ["epsilon"], issue: `Expected a number above 0, at most 1, got ${epsilon}` }
      : undefined
  )
)
export type TrainingAttack = typeof TrainingAttack.Type

/** What the starts' random numbers are for: no other use of a seed has this number. */
const purpose = 18

/**
 * Minimises a loss of attacked images. The attack sees the network in evaluation mode, so that the images of a batch do not
 * depend on each other.
 *
 * @param stepsPerEpoch of the training, for the attack's warm-up
 */
export const adversarialObjective = (
  network: Network,
  attack: TrainingAttack,
  loss: Loss,
  stepsPerEpoch: number
): Objective => ({
  inputs: (batch) => ({
    ...(attack.randomStart === "none"
      ? {}
      : { attackStart: { dtype: "F32", shape: [batch, ...network.input] } }),
    attackEpsilon: { dtype: "F32", shape: [] },
    attackStepSize: { dtype: "F32", shape: [] }
  }),
  draw: (position) => {
    const size = sizeAt(attack, position.step / stepsPerEpoch)
    return {
      ...(attack.randomStart === "none" ? {} : { attackStart: drawStarts(network, attack, position) }),
      attackEpsilon: scalar(attack.epsilon * size),
      attackStepSize: scalar(attack.stepSize * size)
    }
  },
  prepare: ({ weights, images, labels, extras }) => {
    const epsilon = named(extras, "attackEpsilon")
    const start = extras["attackStart"]
    const project = projection(attack.norm, images, epsilon)
    const { images: attacked } = takeSteps(
      {
        attack: { norm: attack.norm, momentum: 0, target: "none" },
        logits: (each) => apply(network, weights, each),
        loss: losses[attack.loss],
        classes: network.classes,
        clean: images,
        labels,
        epsilon,
        stepSize: named(extras, "attackStepSize")
      },
      { images: start === undefined ? images : project(tf.add(images, tf.mul(start, epsilon))) },
      attack.steps
    )
    return { attacked }
  },
  loss: ({ weights, labels, masks, extras }) => {
    const { logits, statistics } = applyTraining(network, weights, named(extras, "attacked"), masks)
    return { losses: loss(logits, labels), logits, statistics }
  }
})

/** Which share of its size the attack has after so many epochs. */
const sizeAt = ({ warmupEpochs }: TrainingAttack, epochs: number): number =>
  epochs >= warmupEpochs ? 1 : epochs / warmupEpochs

const scalar = (value: number): TensorData => ({ dtype: "F32", shape: [], data: Float32Array.of(value) })

/** A start for each image in the ball of radius one. It belongs to the image and the epoch, not to the batch. */
const drawStarts = (
  { input }: Network,
  { norm, randomStart }: TrainingAttack,
  { seed, epoch, rows }: BatchPosition
): TensorData => {
  const width = elementsOf(input)
  const data = new Float32Array(rows.length * width)
  if (randomStart !== "none")
    for (const [at, row] of rows.entries()) {
      const random = new RandomStream({ seed, purpose, index: epoch * 2 ** 32 + row })
      drawNoise(norm, randomStart, random, data.subarray(at * width, (at + 1) * width))
    }
  return { dtype: "F32", shape: [rows.length, ...input], data }
}
