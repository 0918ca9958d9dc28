/** Sizes of the experiment. */
import type { Params } from "./params.ts"

const fine = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
const wide = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
const trainedOn = [0.05, 0.1, 0.2, 0.25, 0.3]

/** The study's size. Nothing of it is cut. */
export const paper: Params = {
  data: "mnist",
  trainCount: 60_000,
  testCount: 10_000,
  dataSeed: 1,
  validationShare: 0,
  splitSeed: 2,
  network: "course-cnn",
  training: { batchSize: 128, learningRate: 0.001, schedule: "constant", seed: 1 },
  baseline: { epochs: 50 },
  static: { images: null, retrainedEpochs: 50, freshEpochs: 50 },
  attacks: {
    seed: 1,
    fgsm: { epsilons: trainedOn },
    pgd: {
      epsilons: trainedOn,
      faithful: { alpha: 0.5, steps: 10 },
      corrected: { steps: 10, relativeStep: 0.25 }
    }
  },
  onTheFly: {
    network: "keras-cnn",
    images: null,
    epsilon: 0.3,
    learningRate: 0.002,
    warmupEpochs: 5,
    fgsm: { epochs: 50, relativeStep: 1.25 },
    pgd: { epochs: 50, steps: 10, relativeStep: 0.25 }
  },
  faithful: { perClass: 10, seeds: [1, 2, 3, 4, 5], epsilons: fine, wideEpsilons: wide },
  sweep: {
    fgsm: { epsilons: [...fine, 0.5, 0.6, 0.7, 0.8, 0.9] },
    pgd: { epsilons: [...fine, 0.5], steps: 40, relativeStep: 0.0625, restarts: 2 },
    noise: { epsilons: [...fine, 0.5] },
    transfer: { fgsm: fine.slice(1), pgd: fine.slice(1) }
  },
  strong: { epsilons: [0.1, 0.2, 0.3], steps: 100, relativeStep: 0.025, restarts: 10 },
  matrix: { epsilon: 0.3, perClass: null },
  hygiene: { tolerance: 0.01 }
}

/** Real digits, all test images; trainings and attacks cut until two cores need minutes. */
export const quick: Params = {
  ...paper,
  validationShare: 0.1,
  training: { ...paper.training, learningRate: 0.003, schedule: "cosine" },
  baseline: { epochs: 4 },
  static: { images: 5000, retrainedEpochs: 2, freshEpochs: 3 },
  onTheFly: {
    ...paper.onTheFly,
    images: 20_000,
    warmupEpochs: 1.5,
    fgsm: { epochs: 4, relativeStep: 1.25 },
    pgd: { epochs: 6, steps: 5, relativeStep: 0.3 }
  },
  sweep: {
    fgsm: { epsilons: [...fine, 0.5] },
    pgd: { epsilons: [0.1, 0.2, 0.3, 0.4, 0.5], steps: 10, relativeStep: 0.25, restarts: 1 },
    noise: { epsilons: [0.1, 0.2, 0.3, 0.4] },
    transfer: { fgsm: [0.1, 0.2, 0.3, 0.4], pgd: [0.1, 0.3] }
  },
  strong: { epsilons: [0.3], steps: 40, relativeStep: 0.0625, restarts: 1 },
  matrix: { epsilon: 0.3, perClass: 100 }
}

/** Generated digits, everything small: it shows that all parts work, and no number of it says anything about MNIST. */
export const demo: Params = {
  ...quick,
  data: "synthetic-digits",
  trainCount: 2000,
  testCount: 200,
  training: { ...quick.training, batchSize: 32 },
  baseline: { epochs: 4 },
  static: { images: 400, retrainedEpochs: 2, freshEpochs: 3 },
  attacks: {
    ...quick.attacks,
    fgsm: { epsilons: [0.1, 0.3] },
    pgd: { ...quick.attacks.pgd, epsilons: [0.1, 0.3] }
  },
  onTheFly: {
    ...quick.onTheFly,
    images: 1000,
    warmupEpochs: 2,
    fgsm: { epochs: 4, relativeStep: 1.25 },
    pgd: { epochs: 5, steps: 3, relativeStep: 0.5 }
  },
  faithful: { perClass: 5, seeds: [1, 2], epsilons: [0, 0.1, 0.2, 0.3], wideEpsilons: [0, 0.3, 0.6, 0.9] },
  sweep: {
    ...quick.sweep,
    fgsm: { epsilons: [0, 0.1, 0.2, 0.3, 0.5] },
    pgd: { ...quick.sweep.pgd, epsilons: [0.1, 0.3, 0.5] },
    transfer: { fgsm: [0.3], pgd: [0.3] }
  },
  strong: { epsilons: [0.3], steps: 20, relativeStep: 0.125, restarts: 1 },
  matrix: { epsilon: 0.3, perClass: 5 },
  hygiene: { tolerance: 0.05 }
}
