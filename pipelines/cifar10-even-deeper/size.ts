/** How much of the study's size a run has, and how much work that is. */
import { cutText, less, type Work } from "../shared/size.ts"
import type { Params } from "./params.ts"
import { paper } from "./presets.ts"

/** Which images a run is about, and what was cut against the study, in words, for titles. */
export const sizeText = (params: Params): string =>
  `${dataText(params)}; ${cutText([
    less("training images", params.trainCount, paper.trainCount),
    less("test images", params.testCount, paper.testCount),
    less("images under PGD", pgdImages(params), pgdImages(paper)),
    ...names.map((name, place) =>
      less(`epochs of experiment ${place + 1}`, params[name].epochs, paper[name].epochs)
    )
  ])}`

const names = ["first", "second", "third", "fourth"] as const

const dataText = ({ data }: Params): string => {
  if (data === "cifar10") return "CIFAR-10"
  return data === "synthetic-shapes"
    ? "generated figures instead of CIFAR-10"
    : `${data.name} instead of CIFAR-10`
}

const pgdImages = ({ testCount, honest: { pgd } }: Params): number =>
  pgd.perClass === null ? testCount : 10 * pgd.perClass

/** The larger parts of the work. */
export const work: ReadonlyArray<Work<Params>> = [
  {
    what: "images trained on",
    amount: (params) => params.trainCount * names.reduce((sum, name) => sum + params[name].epochs, 0),
    perSecond: 425
  },
  {
    what: "images attacked while training",
    amount: ({ trainCount, training, second, third, fourth }) =>
      Math.round(trainCount * training.attackedShare * (second.epochs + third.epochs + fourth.epochs)),
    perSecond: 600
  },
  {
    what: "evaluation: gradients of attacks",
    amount: (params) => {
      const { greyLevels, pgd } = params.honest
      const single = 4 * 3 + 3 + 4 * (greyLevels.length + 1) + 4
      const iterative = 4 + 3 + 7 * (greyLevels.length + 1)
      return single * params.testCount + iterative * pgd.steps * pgdImages(params)
    },
    perSecond: 600
  }
]
