/** Sizes of the experiment. */
import type { Params } from "./params.ts"

const wide = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]

/** The study's size. Nothing of it is cut. */
export const paper: Params = {
  data: "mnist",
  trainCount: 60_000,
  testCount: 10_000,
  dataSeed: 1,
  validationImages: 5000,
  splitSeed: 2,
  training: { batchSize: 128, learningRate: 0.001, schedule: "constant", seed: 1 },
  epochs: { baseline: 10, continued: 10 },
  epsilon: 0.1,
  faithful: {
    trainOnTest: true,
    attackedImages: 10_000,
    fgsm: { epsilons: wide },
    pgd: { epsilons: [0, 0.05, 0.1], stepSize: 0.01, steps: 40 }
  },
  corrected: {
    attackedImages: 55_000,
    onTheFly: { images: 55_000, epochs: 20, steps: 7, relativeStep: 0.25 }
  },
  evaluation: {
    seed: 1,
    batchSize: 50,
    fgsm: { epsilons: wide },
    pgd: { epsilons: [0, 0.05, 0.1, 0.2, 0.3, 0.5], steps: 40, relativeStep: 0.0625, restarts: 5 },
    strong: { epsilons: [0.1], steps: 100, relativeStep: 0.025, restarts: 10 },
    noise: { epsilons: wide },
    transfer: { epsilons: [0.1, 0.3] },
    tolerance: 0.01
  }
}

/** Real digits, all test images; trainings and attacks cut until two cores need minutes. */
export const quick: Params = {
  ...paper,
  epochs: { baseline: 3, continued: 2 },
  faithful: { ...paper.faithful, pgd: { epsilons: [0, 0.1], stepSize: 0.01, steps: 20 } },
  corrected: {
    attackedImages: 10_000,
    onTheFly: { images: 20_000, epochs: 3, steps: 5, relativeStep: 0.3 }
  },
  evaluation: {
    ...paper.evaluation,
    pgd: { epsilons: [0.1, 0.3, 0.5], steps: 10, relativeStep: 0.25, restarts: 1 },
    strong: { epsilons: [0.1], steps: 40, relativeStep: 0.0625, restarts: 1 },
    noise: { epsilons: [0.1, 0.3, 0.5] },
    transfer: { epsilons: [0.1] }
  }
}

/** Generated digits, everything small: it shows that all parts work, and no number of it says anything about MNIST. */
export const demo: Params = {
  ...quick,
  data: "synthetic-digits",
  trainCount: 2000,
  testCount: 200,
  validationImages: 200,
  training: { ...quick.training, batchSize: 32 },
  epochs: { baseline: 4, continued: 2 },
  faithful: { ...quick.faithful, attackedImages: 200 },
  corrected: {
    attackedImages: 200,
    onTheFly: { images: 1000, epochs: 2, steps: 3, relativeStep: 0.5 }
  },
  evaluation: { ...quick.evaluation, tolerance: 0.05 }
}
