/**
 * Trains a network on a dataset as it is.
 *
 * Static adversarial training is this stage on a combined dataset: with a model in `from` the retrained variant, without one
 * the fresh one.
 */
import { Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Stage } from "../src/stage/index.ts"
import { TrainingOptions } from "../src/tensor/train/index.ts"
import { NetworkParam, trainModel } from "./train-model.ts"
import { continuesEpochs } from "./training-checkpoints.ts"

export const train = Stage.make("train", {
  inputs: {
    data: Dataset,
    /** One to judge by after each epoch, or none. */
    validation: Stage.list(Dataset),
    /** A model to train further, or none for fresh weights. */
    from: Stage.list(Model)
  },
  params: Schema.Struct({
    network: NetworkParam,
    /** Of the fresh weights; a model in `from` does not use it. */
    initialSeed: Schema.Int,
    options: TrainingOptions
  }),
  output: Model,
  checkpoint: continuesEpochs,

  *run({ data, validation, from }, params) {
    return yield* trainModel({ data, validation, from, ...params })
  }
})
