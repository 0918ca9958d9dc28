/** How much of the study's size a run has, and how much work that is. */
import type { Params } from "./params.ts"
import { paper } from "./presets.ts"

/** Which images a run is about, and what was cut against the study, in words, for titles. */
export const sizeText = (params: Params): string => {
  const cut = [
    less("training images", params.trainCount, paper.trainCount),
    less("test images", params.testCount, paper.testCount),
    less("images under PGD", pgdImages(params), pgdImages(paper)),
    ...names.map((name, place) =>
      less(`epochs of experiment ${place + 1}`, params[name].epochs, paper[name].epochs)
    )
  ].filter((text) => text !== undefined)
  return `${dataText(params)}; ${cut.length === 0 ? "nothing cut" : `cut: ${cut.join(", ")}`}`
}

const names = ["first", "second", "third", "fourth"] as const

const dataText = ({ data }: Params): string => {
  if (data === "cifar10") return "CIFAR-10"
  return data === "synthetic-shapes"
    ? "generated figures instead of CIFAR-10"
    : `${data.name} instead of CIFAR-10`
}

const less = (what: string, here: number, there: number): string | undefined =>
  here < there ? `${here} of ${there} ${what}` : undefined

const pgdImages = ({ testCount, honest: { pgd } }: Params): number =>
  pgd.perClass === null ? testCount : 10 * pgd.perClass

export interface Work {
  readonly what: string
  /** In images: an epoch of n images is n, an attack of k steps on an image k. */
  readonly amount: (params: Params) => number
  /** What a core of 2024 does of it in a second with the engine `onnx` and a network of this size: an order of magnitude. */
  readonly perSecond: number
}

/** The larger parts of the work. */
export const work: ReadonlyArray<Work> = [
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

/** An estimate in hours of one core. */
export const coreHours = (params: Params): number =>
  work.reduce((sum, { amount, perSecond }) => sum + amount(params) / perSecond, 0) / 3600
