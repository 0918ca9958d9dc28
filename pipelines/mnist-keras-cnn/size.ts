/** How much of the study's size a run has, and how much work that is. */
import { cutText, less, type Work } from "../shared/size.ts"
import type { Params } from "./params.ts"
import { paper } from "./presets.ts"

export const sizeText = (params: Params): string =>
  cutText([
    params.data === paper.data ? undefined : "generated digits instead of MNIST",
    less("training images", params.trainCount, paper.trainCount),
    less("test images", params.testCount, paper.testCount),
    less("epochs of the baseline", params.epochs.baseline, paper.epochs.baseline),
    less("epochs trained further", params.epochs.continued, paper.epochs.continued),
    less(
      "attacked images in the corrected static set",
      params.corrected.attackedImages,
      paper.corrected.attackedImages
    ),
    less("images on the fly", params.corrected.onTheFly.images, paper.corrected.onTheFly.images),
    less("epochs on the fly", params.corrected.onTheFly.epochs, paper.corrected.onTheFly.epochs),
    less("steps of PGD", params.evaluation.pgd.steps, paper.evaluation.pgd.steps)
  ])

export const work: ReadonlyArray<Work<Params>> = [
  {
    what: "trainings: images trained on",
    amount: ({ trainCount, epochs, faithful, corrected }) =>
      (3 * epochs.baseline + 3 * epochs.continued) * trainCount +
      2 * epochs.continued * faithful.attackedImages +
      (epochs.baseline + epochs.continued) * corrected.attackedImages,
    perSecond: 5500
  },
  {
    what: "on the fly: gradients of attacks and training",
    amount: ({ corrected: { onTheFly } }) => onTheFly.images * onTheFly.epochs * (onTheFly.steps + 1),
    perSecond: 6000
  },
  {
    what: "evaluation: gradients of attacks",
    amount: ({ testCount, faithful, evaluation: { pgd, strong, fgsm } }) =>
      testCount *
      (3 * faithful.pgd.epsilons.length * faithful.pgd.steps +
        4 * pgd.epsilons.length * pgd.steps * pgd.restarts +
        strong.epsilons.length * strong.steps * strong.restarts +
        7 * (fgsm.epsilons.length + 1)),
    perSecond: 6500
  }
]
