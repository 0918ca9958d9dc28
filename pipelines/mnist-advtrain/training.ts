/** Settings of the trainings. */
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import type { Params } from "./params.ts"

/** Images per run of a network that is not trained. Other sizes are other programs, which may round otherwise. */
export const evaluationBatch = 50

/** Adam, as the study trains. */
export const options = ({ training }: Pick<Params, "training">, epochs: number): TrainingOptions => ({
  epochs,
  batchSize: training.batchSize,
  // A batch of one example has no variance for batch normalisation, and a last batch may be one.
  lastBatch: "drop",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: schedules[training.schedule](training.learningRate),
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed: training.seed,
  evaluationBatchSize: evaluationBatch
})

/** Trainings on the fly gain their last points while the rate falls. */
export const annealed = (params: Params, epochs: number): TrainingOptions => ({
  ...options(params, epochs),
  schedule: schedules.cosine(params.onTheFly.learningRate)
})

const schedules = {
  constant: (learningRate: number) => ({ type: "constant", learningRate, warmupEpochs: 0 }) as const,
  cosine: (learningRate: number) => ({ type: "cosine", learningRate, warmupEpochs: 0, finalRate: 0 }) as const
}
