/** Sizes of the experiment. */
import type { Params } from "./params.ts"

const fine = [0, 0.05, 0.075, 0.1, 0.15, 0.175, 0.2, 0.25, 0.3]

/** The study's size, as far as it gives one; epochs, dropout and step size are those of the program that it cites. */
export const paper: Params = {
  data: "mnist",
  trainCount: 60_000,
  testCount: 10_000,
  dataSeed: 1,
  dropout: { input: 0.2, hidden: 0.5 },
  batchSize: 128,
  epochs: 100,
  rmsprop: { learningRate: 0.001, rho: 0.9, epsilon: 1e-6 },
  lambdas: { l1: [0, 1e-4, 1e-5], l2: [0, 1e-4, 1e-5] },
  seeds: [1, 2, 3, 4, 5],
  faithful: { epsilons: fine },
  adversarial: {
    l1: 1e-4,
    l2: 1e-4,
    epsilons: [0.05, 0.1, 0.25],
    pgd: { epsilon: 0.1, steps: 7, relativeStep: 0.25 }
  },
  evaluation: {
    seed: 1,
    batchSize: 250,
    fgsm: { epsilons: [...fine, 0.5] },
    pgd: { epsilons: [...fine, 0.5], steps: 40, relativeStep: 0.0625, restarts: 1 },
    strong: { epsilons: [0.1], steps: 100, relativeStep: 0.025, restarts: 10 },
    noise: { epsilons: [...fine, 0.5] },
    transfer: { epsilons: [0.1, 0.25] },
    tolerance: 0.01
  }
}

/** Real digits, all images, all cells and seeds; few epochs. */
export const quick: Params = {
  ...paper,
  epochs: 2,
  adversarial: { ...paper.adversarial, pgd: { epsilon: 0.1, steps: 3, relativeStep: 0.5 } },
  evaluation: {
    ...paper.evaluation,
    fgsm: { epsilons: [0, 0.05, 0.075, 0.1, 0.25, 0.5] },
    pgd: { epsilons: [0.1, 0.25, 0.5], steps: 10, relativeStep: 0.25, restarts: 1 },
    strong: { epsilons: [0.1], steps: 40, relativeStep: 0.0625, restarts: 1 },
    noise: { epsilons: [0.1, 0.25, 0.5] },
    transfer: { epsilons: [0.1] }
  }
}

/** Generated digits, everything small: it shows that all parts work, and no number of it says anything about MNIST. */
export const demo: Params = {
  ...quick,
  data: "synthetic-digits",
  trainCount: 1000,
  testCount: 200,
  epochs: 3,
  lambdas: { l1: [0, 1e-4], l2: [0, 1e-4] },
  seeds: [1, 2],
  evaluation: { ...quick.evaluation, tolerance: 0.05 }
}
