/**
 * Trains a network on images that are mirrored and turned at random, and of which some may be attacked anew in every step.
 */
import { Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Stage } from "../src/stage/index.ts"
import { losses } from "../src/tensor/loss/index.ts"
import type { Network } from "../src/tensor/network/index.ts"
import { TrainingAttack } from "../src/tensor/train/adversarial-objective.ts"
import { Augmentation, augmentedObjective } from "../src/tensor/train/augmentation.ts"
import { plainObjective, TrainingOptions } from "../src/tensor/train/index.ts"
import { partlyAdversarialObjective } from "../src/tensor/train/partly-adversarial.ts"
import { NetworkParam, trainModel } from "./train-model.ts"
import { continuesEpochs } from "./training-checkpoints.ts"

export const trainAugmented = Stage.make("train-augmented", {
  inputs: {
    data: Dataset,
    /** One to judge by after each epoch, without augmentation or attack; or none. */
    validation: Stage.list(Dataset),
    /** A model to train further, or none for fresh weights. */
    from: Stage.list(Model)
  },
  params: Schema.Struct({
    network: NetworkParam,
    /** Of the fresh weights; a model in `from` does not use it. */
    initialSeed: Schema.Int,
    augmentation: Augmentation,
    /** What is attacked, and how; `null` for clean images alone. */
    adversarial: Schema.NullOr(
      Schema.Struct({
        /** How much of each batch is attacked: 1 for all of it. */
        share: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true })),
        attack: TrainingAttack
      })
    ),
    options: TrainingOptions
  }),
  output: Model,
  // Often one training is all that is ready; on one core it would leave the others idle.
  cores: 2,
  checkpoint: continuesEpochs,

  *run({ data, validation, from }, { augmentation, adversarial, ...params }) {
    const { batchSize, loss } = params.options
    const stepsPerEpoch = Math.ceil(data.count / batchSize)
    const objectiveOf = (network: Network) =>
      adversarial === null
        ? plainObjective(losses[loss])
        : partlyAdversarialObjective(
            network,
            adversarial.attack,
            losses[loss],
            stepsPerEpoch,
            adversarial.share
          )
    return yield* trainModel({
      data,
      validation,
      from,
      ...params,
      objective: (network) => augmentedObjective(network, augmentation, objectiveOf(network))
    })
  }
})
