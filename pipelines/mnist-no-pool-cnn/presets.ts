/** Sizes of the experiment. */
import type { Params } from "./params.ts"

const printed = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]

/** The study's size where it gives one; it says nothing of epochs, batches and its optimiser. */
export const paper: Params = {
  data: "mnist",
  trainCount: 60_000,
  testCount: 10_000,
  dataSeed: 1,
  training: { batchSize: 64, learningRate: 0.001, schedule: "constant", seed: 1 },
  baseline: { images: 60_000, epochs: 10 },
  grid: {
    preprocessings: ["half", "mnist"],
    clamps: ["right", "zero-one"],
    trainedOn: [[0.1], [0.2], [0.3], [0.1, 0.2, 0.3]],
    images: 60_000,
    epochs: 10,
    epsilons: printed
  },
  onTheFly: { images: 60_000, epochs: 20, epsilon: 0.3, steps: 7, relativeStep: 0.25, warmupEpochs: 5 },
  evaluation: {
    seed: 1,
    batchSize: 100,
    fgsm: { epsilons: printed },
    pgd: { epsilons: printed, steps: 40, relativeStep: 0.0625, restarts: 1 },
    strong: { epsilons: [0.3], steps: 100, relativeStep: 0.025, restarts: 5 },
    noise: { epsilons: printed },
    transfer: { epsilons: [0.1, 0.3] },
    tolerance: 0.01
  }
}

/** Real digits, few of them: this network learns a tenth as fast as one with pools. */
export const quick: Params = {
  ...paper,
  testCount: 1000,
  training: { ...paper.training, batchSize: 128, schedule: "cosine" },
  baseline: { images: 20_000, epochs: 2 },
  grid: { ...paper.grid, images: 5000, epochs: 2 },
  onTheFly: { images: 5000, epochs: 3, epsilon: 0.3, steps: 5, relativeStep: 0.3, warmupEpochs: 1 },
  evaluation: {
    ...paper.evaluation,
    fgsm: { epsilons: printed },
    pgd: { epsilons: [0.1, 0.3, 0.5, 0.8], steps: 10, relativeStep: 0.25, restarts: 1 },
    strong: { epsilons: [0.3], steps: 20, relativeStep: 0.125, restarts: 1 },
    noise: { epsilons: [0.1, 0.3, 0.5] },
    transfer: { epsilons: [0.3] },
    tolerance: 0.03
  }
}

/** Generated digits, everything small: it shows that all parts work, and no number of it says anything about MNIST. */
export const demo: Params = {
  ...quick,
  data: "synthetic-digits",
  trainCount: 600,
  testCount: 100,
  training: { ...quick.training, batchSize: 32 },
  baseline: { images: 600, epochs: 2 },
  grid: {
    ...quick.grid,
    preprocessings: ["half"],
    trainedOn: [[0.3], [0.1, 0.2, 0.3]],
    images: 200,
    epochs: 1
  },
  onTheFly: { ...quick.onTheFly, images: 200, epochs: 1, steps: 3, relativeStep: 0.5, warmupEpochs: 0.5 },
  evaluation: {
    ...quick.evaluation,
    pgd: { epsilons: [0.1, 0.3, 0.5], steps: 5, relativeStep: 0.4, restarts: 1 },
    strong: { epsilons: [0.3], steps: 10, relativeStep: 0.25, restarts: 1 },
    tolerance: 0.1
  }
}
