/** How much of the study's size a run has, and how much work that is. */
import { cutText, less, type Work } from "../shared/size.ts"
import type { Params } from "./params.ts"
import { paper } from "./presets.ts"

export const sizeText = (params: Params): string =>
  cutText([
    params.data === paper.data ? undefined : "generated digits instead of MNIST",
    less("training images", params.trainCount, paper.trainCount),
    less("test images", params.testCount, paper.testCount),
    less("epochs", params.epochs, paper.epochs),
    less("seeds", params.seeds.length, paper.seeds.length),
    less("steps of PGD", params.evaluation.pgd.steps, paper.evaluation.pgd.steps)
  ])

/** Corrected models beside those of the grid, with their cost in trainings of a cell. */
const others = ({ adversarial }: Params): number => 1 + 2 * 2 + (adversarial.pgd.steps + 1)

export const work: ReadonlyArray<Work<Params>> = [
  {
    what: "trainings: images trained on",
    amount: (params) => {
      const { lambdas, seeds, trainCount, epochs } = params
      return (lambdas.l1.length * lambdas.l2.length + others(params)) * seeds.length * trainCount * epochs
    },
    perSecond: 35_000
  },
  {
    what: "evaluation: gradients of attacks and forward passes",
    amount: ({ lambdas, seeds, testCount, faithful, evaluation: { fgsm, pgd, noise } }) =>
      seeds.length *
      testCount *
      (lambdas.l1.length * lambdas.l2.length * (faithful.epsilons.length + 2) +
        8 * (fgsm.epsilons.length + pgd.epsilons.length * pgd.steps * pgd.restarts + noise.epsilons.length)),
    perSecond: 70_000
  }
]
