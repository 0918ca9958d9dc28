/**
 * Adversarial training on mixed batches: some images of each batch are attacked as the network stands, the others stay clean.
 *
 * @see Kurakin et al. 2017, "Adversarial machine learning at scale", algorithm 1; with all images weighted alike
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Loss } from "../loss/index.ts"
import type { Network } from "../network/index.ts"
import { adversarialObjective, type TrainingAttack } from "./adversarial-objective.ts"
import type { Objective } from "./objective.ts"

/**
 * Minimises the loss of batches whose first images are attacked. Batches are shuffled, so these are any images.
 *
 * @param share how much of a batch is attacked, in (0, 1): the nearest number of images, but at least one
 * @param stepsPerEpoch of the training, for the attack's warm-up
 */
export const partlyAdversarialObjective = (
  network: Network,
  attack: TrainingAttack,
  loss: Loss,
  stepsPerEpoch: number,
  share: number
): Objective => {
  const whole = adversarialObjective(network, attack, loss, stepsPerEpoch)
  const attackedOf = (batch: number): number => Math.max(1, Math.round(share * batch))
  return {
    inputs: (batch) => ({ ...whole.inputs?.(attackedOf(batch)) }),
    draw: (position) => ({
      ...whole.draw?.({ ...position, rows: position.rows.subarray(0, attackedOf(position.rows.length)) })
    }),
    prepare: (context) => {
      const count = context.images.shape[0] ?? 0
      const some = attackedOf(count)
      const [images, clean] = tf.split(context.images, [some, count - some])
      const [labels] = tf.split(context.labels, [some, count - some])
      if (some === count || images === undefined || clean === undefined || labels === undefined)
        return { ...whole.prepare?.(context) }
      const { attacked } = { ...whole.prepare?.({ ...context, images, labels }) }
      return attacked === undefined ? {} : { attacked: tf.concat([attacked, clean]) }
    },
    loss: whole.loss
  }
}
