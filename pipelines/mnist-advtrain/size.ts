/** How much of the study's size a run has, and how much work that is. */
import { cutText, less, type Work } from "../shared/size.ts"
import type { Params } from "./params.ts"
import { trainingImages } from "./params.ts"
import { paper } from "./presets.ts"

/** What was cut against the study, in words, for titles. */
export const sizeText = (params: Params): string =>
  cutText([
    params.data === paper.data ? undefined : "generated digits instead of MNIST",
    less("training images", trainingImages(params), trainingImages(paper)),
    less("test images", params.testCount, paper.testCount),
    less("epochs of the baseline", params.baseline.epochs, paper.baseline.epochs),
    less("images in each static set", params.static.images ?? trainingImages(params), trainingImages(paper)),
    less("epochs retrained", params.static.retrainedEpochs, paper.static.retrainedEpochs),
    less("epochs fresh", params.static.freshEpochs, paper.static.freshEpochs),
    less("epochs of PGD on the fly", params.onTheFly.pgd.epochs, paper.onTheFly.pgd.epochs)
  ])

const staticImages = (params: Params): number => params.static.images ?? trainingImages(params)
const freely = (params: Params): number => params.onTheFly.images ?? trainingImages(params)
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

/** The larger parts of the work. */
export const work: ReadonlyArray<Work<Params>> = [
  {
    what: "baseline: images trained on",
    amount: (params) => trainingImages(params) * params.baseline.epochs,
    perSecond: 6000
  },
  {
    what: "static sets: gradients of attacks",
    amount: (params) => {
      const { fgsm, pgd } = params.attacks
      const steps = pgd.faithful.steps + pgd.corrected.steps
      return staticImages(params) * (2 * fgsm.epsilons.length + steps * pgd.epsilons.length)
    },
    perSecond: 6500
  },
  {
    what: "static sets: images trained on",
    amount: (params) => {
      const { fgsm, pgd } = params.attacks
      const copies = 2 + fgsm.epsilons.length + pgd.epsilons.length
      return 2 * staticImages(params) * copies * (params.static.retrainedEpochs + params.static.freshEpochs)
    },
    perSecond: 6000
  },
  {
    what: "on the fly: gradients of attacks and training",
    amount: (params) => {
      const { fgsm, pgd } = params.onTheFly
      return freely(params) * (2 * fgsm.epochs + (pgd.steps + 1) * pgd.epochs)
    },
    perSecond: 6000
  },
  {
    what: "evaluation: gradients of attacks",
    amount: ({ testCount, sweep, strong, attacks, matrix, faithful }) => {
      const { fgsm, pgd, transfer } = sweep
      const sampled = 10 * faithful.perClass * faithful.seeds.length
      const inMatrix = matrix.perClass === null ? testCount : 10 * matrix.perClass
      return sum([
        7 * testCount * (fgsm.epsilons.length + pgd.epsilons.length * pgd.steps * pgd.restarts),
        testCount * (transfer.fgsm.length + transfer.pgd.length * attacks.pgd.corrected.steps),
        testCount * strong.epsilons.length * strong.steps * strong.restarts,
        7 * inMatrix * attacks.pgd.corrected.steps,
        5 * sampled * faithful.epsilons.length * (1 + attacks.pgd.faithful.steps)
      ])
    },
    perSecond: 6500
  }
]
