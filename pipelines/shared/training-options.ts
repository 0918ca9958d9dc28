/** Settings of trainings. */
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import type { TrainingParams } from "./fields.ts"

/** PyTorch's defaults of Adam. Keras adds 1e-7 instead of 1e-8, which its studies set. */
export const adam = { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const

/** Cross-entropy on logits, and nothing but what is given. */
export const trainingOptions = (
  { batchSize, learningRate, schedule, seed }: TrainingParams,
  epochs: number,
  change: Partial<TrainingOptions> = {}
): TrainingOptions => ({
  epochs,
  batchSize,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: adam,
  schedule: schedules[schedule](learningRate),
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed,
  evaluationBatchSize: 250,
  ...change
})

const schedules = {
  constant: (learningRate: number) => ({ type: "constant", learningRate, warmupEpochs: 0 }) as const,
  cosine: (learningRate: number) => ({ type: "cosine", learningRate, warmupEpochs: 0, finalRate: 0 }) as const
}
