/** Sizes of the study. */
import { evenDeeperWith } from "../../src/tensor/network/known/even-deeper-cnn.ts"
import type { Params } from "./params.ts"

const widths = { filters: [32, 64, 128], units: [512, 256] } as const

/** The study's data. It prints neither epochs nor batch size nor rate: these are usual ones. */
export const paper: Params = {
  data: "cifar10",
  trainCount: 50_000,
  testCount: 10_000,
  dataSeed: 1,
  network: "even-deeper-cnn",
  training: {
    batchSize: 128,
    learningRate: 0.001,
    schedule: "constant",
    seed: 1,
    rotation: 10,
    attackedShare: 0.5
  },
  first: { normalisedEpsilon: 1, epochs: 30 },
  second: { normalisedEpsilon: 1, epochs: 30 },
  third: { normalisedEpsilon: 1, epochs: 30 },
  fourth: { normalisedEpsilon: 0.5, epochs: 30, from: "fresh" },
  honest: {
    seed: 1,
    greyLevels: [2, 4, 8, 16],
    pgd: { steps: 20, relativeStep: 0.125, perClass: null }
  },
  leak: { standardErrors: 2 },
  hygiene: { tolerance: 0.02 }
}

/** Real images; trainings and test images cut until two cores need minutes. */
export const quick: Params = {
  ...paper,
  trainCount: 20_000,
  testCount: 1500,
  // As many weights, which begin so that the first epochs are not lost.
  network: evenDeeperWith("even-deeper-cnn", { ...widths, init: "he-normal" }),
  training: { ...paper.training, schedule: "cosine" },
  first: { ...paper.first, epochs: 4 },
  second: { ...paper.second, epochs: 2 },
  third: { ...paper.third, epochs: 2 },
  fourth: { ...paper.fourth, epochs: 2, from: "first" },
  honest: { ...paper.honest, pgd: { ...paper.honest.pgd, perClass: 15 } }
}

/** Generated figures and a narrow network: it shows that all parts work, and no number of it says anything about CIFAR-10. */
export const demo: Params = {
  ...quick,
  data: "synthetic-shapes",
  trainCount: 1200,
  testCount: 200,
  network: evenDeeperWith("even-deeper-cnn-narrow", {
    filters: [8, 16, 32],
    units: [64, 32],
    init: "he-normal"
  }),
  training: { ...quick.training, batchSize: 32, learningRate: 0.002 },
  first: { ...quick.first, epochs: 6 },
  second: { ...quick.second, epochs: 3 },
  third: { ...quick.third, epochs: 3 },
  fourth: { ...quick.fourth, epochs: 3 },
  honest: { ...quick.honest, greyLevels: [8], pgd: { ...quick.honest.pgd, perClass: 5 } },
  hygiene: { tolerance: 0.05 }
}
