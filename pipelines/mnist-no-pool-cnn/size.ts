/** How much of the study's size a run has, and how much work that is. */
import { cutText, less, type Work } from "../shared/size.ts"
import type { Params } from "./params.ts"
import { paper } from "./presets.ts"

export const sizeText = (params: Params): string =>
  cutText([
    params.data === paper.data ? undefined : "generated digits instead of MNIST",
    less("test images", params.testCount, paper.testCount),
    less("training images of the baselines", params.baseline.images, paper.baseline.images),
    less("epochs of the baselines", params.baseline.epochs, paper.baseline.epochs),
    less("images of each adversarial training", params.grid.images, paper.grid.images),
    less("epochs of each adversarial training", params.grid.epochs, paper.grid.epochs),
    less("images on the fly", params.onTheFly.images, paper.onTheFly.images),
    less("epochs on the fly", params.onTheFly.epochs, paper.onTheFly.epochs),
    less("steps of PGD", params.evaluation.pgd.steps, paper.evaluation.pgd.steps)
  ])

/** How many trainings the grid has; without preprocessing both clamps are one. */
const trainings = ({ grid: { preprocessings, clamps, trainedOn } }: Params): number =>
  trainedOn.length * (1 + preprocessings.length * clamps.length)

export const work: ReadonlyArray<Work<Params>> = [
  {
    what: "baselines: images trained on",
    amount: ({ baseline, grid }) => (1 + grid.preprocessings.length) * baseline.images * baseline.epochs,
    perSecond: 950
  },
  {
    what: "adversarial trainings of the grid: images trained on",
    amount: (params) => trainings(params) * params.grid.images * params.grid.epochs,
    perSecond: 580
  },
  {
    what: "on the fly: gradients of attacks and training",
    amount: ({ onTheFly: { images, epochs, steps } }) => images * epochs * (steps + 1),
    perSecond: 1300
  },
  {
    what: "curves of the grid: forward passes",
    amount: (params) => (trainings(params) + 5) * params.testCount * (params.grid.epsilons.length + 2),
    perSecond: 2900
  },
  {
    what: "evaluation: gradients of attacks",
    amount: ({ testCount, evaluation: { pgd, strong, fgsm } }) =>
      testCount *
      (3 * pgd.epsilons.length * pgd.steps * pgd.restarts +
        strong.epsilons.length * strong.steps * strong.restarts +
        2 * fgsm.epsilons.length),
    perSecond: 1450
  }
]
