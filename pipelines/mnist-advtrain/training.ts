/** Settings of the trainings. */
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import type { Params } from "./params.ts"

/** Images per run of a network that is not trained. Other sizes are other programs, which may round otherwise. */
export const evaluationBatch = 250

/** As the study trains: Adam at one learning rate. */
export const options = (
  { training: { batchSize, learningRate, seed } }: Pick<Params, "training">,
  epochs: number
): TrainingOptions => ({
  epochs,
  batchSize,
  // A batch of one example has no variance for batch normalisation, and a last batch may be one.
  lastBatch: "drop",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { type: "constant", learningRate, warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed,
  evaluationBatchSize: evaluationBatch
})

/** A rate that falls to 0 in half a cosine: trainings on the fly gain their last points there. */
export const annealed = (params: Params, epochs: number): TrainingOptions => ({
  ...options(params, epochs),
  schedule: {
    type: "cosine",
    learningRate: params.onTheFly.learningRate,
    warmupEpochs: 0,
    finalRate: 0
  }
})
