/**
 * Trains a network on images that FGSM attacks anew in every step, from the image itself, with one of several epsilons and any
 * clamp. `adversarial-train` has random starts and many steps, and no clamp but [0, 1].
 */
import { Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Stage } from "../src/stage/index.ts"
import { losses } from "../src/tensor/loss/index.ts"
import { TrainingOptions } from "../src/tensor/train/index.ts"
import { OneStepTraining, oneStepObjective } from "../src/tensor/train/one-step-objective.ts"
import { NetworkParam, trainModel } from "./train-model.ts"
import { continuesEpochs } from "./training-checkpoints.ts"

export const oneStepTrain = Stage.make("one-step-train", {
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
    attack: OneStepTraining,
    options: TrainingOptions
  }),
  output: Model,
  checkpoint: continuesEpochs,

  *run({ data, validation, from }, { attack, ...params }) {
    return yield* trainModel({
      data,
      validation,
      from,
      ...params,
      objective: (network) => oneStepObjective(network, attack, losses[params.options.loss])
    })
  }
})
