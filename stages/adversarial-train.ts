/**
 * Trains a network on images that are attacked anew in every step, as the network stands then: FGSM with a random start, or
 * PGD.
 */
import { Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Stage } from "../src/stage/index.ts"
import { losses } from "../src/tensor/loss/index.ts"
import { adversarialObjective, TrainingAttack } from "../src/tensor/train/adversarial-objective.ts"
import { TrainingOptions } from "../src/tensor/train/index.ts"
import { NetworkParam, trainModel } from "./train-model.ts"
import { continuesEpochs } from "./training-checkpoints.ts"

export const adversarialTrain = Stage.make("adversarial-train", {
  inputs: {
    data: Dataset,
    /** One to judge by after each epoch, without an attack; or none. */
    validation: Stage.list(Dataset),
    /** A model to train further, or none for fresh weights. */
    from: Stage.list(Model)
  },
  params: Schema.Struct({
    network: NetworkParam,
    /** Of the fresh weights; a model in `from` does not use it. */
    initialSeed: Schema.Int,
    attack: TrainingAttack,
    options: TrainingOptions
  }),
  output: Model,
  checkpoint: continuesEpochs,

  *run({ data, validation, from }, { attack, ...params }) {
    const stepsPerEpoch = Math.ceil(data.count / params.options.batchSize)
    return yield* trainModel({
      data,
      validation,
      from,
      ...params,
      objective: (network) =>
        adversarialObjective(network, attack, losses[params.options.loss], stepsPerEpoch)
    })
  }
})
