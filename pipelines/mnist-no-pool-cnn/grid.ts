/**
 * The study as it may have been: a cell for each preprocessing, clamp and training epsilon, measured at the printed epsilons in the
 * cell's unit.
 *
 * Cells share what they can: the baseline and its curve belong to a preprocessing, every adversarial training goes on from the
 * baseline, and without a preprocessing both clamps are the same.
 */
import { Array as NonEmpty } from "effect"
import type { Output } from "../../src/stage/index.ts"
import type { Cell } from "../../stages/cell-fit.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { oneStepSweep } from "../../stages/one-step-sweep.ts"
import { oneStepTrain } from "../../stages/one-step-train.ts"
import { take } from "../../stages/take.ts"
import { train } from "../../stages/train.ts"
import { trainingOptions } from "../shared/training-options.ts"
import { clampOf, networkWith, type Preprocessing, pixelEpsilon, unitOf } from "./cells.ts"
import type { Params } from "./params.ts"

interface Given {
  readonly train: Output<"Dataset">
  readonly test: Output<"Dataset">
  /** What was cut, for titles. */
  readonly size: string
}

/** A guess, the two sweeps that measure it, and the model that it trained. */
interface Guess {
  readonly cell: Cell
  readonly plain: Output<"Sweep">
  readonly trained: Output<"Sweep">
  readonly model: Output<"Model">
}

export const grid = (params: Params, given: Given) => {
  const preprocessings: NonEmpty.NonEmptyReadonlyArray<Preprocessing> = [
    "none",
    ...params.grid.preprocessings
  ]
  const all = NonEmpty.map(preprocessings, (preprocessing) => {
    const baseline = baselineOf(params, given, preprocessing)
    return { preprocessing, baseline, guesses: guessesOf(params, given, preprocessing, baseline) }
  })
  const [none] = all
  return {
    baselines: Object.fromEntries(all.map(({ preprocessing, baseline }) => [preprocessing, baseline])),
    guesses: NonEmpty.flatMap(all, ({ guesses }) => guesses),
    trainings: Object.fromEntries(
      all.map(({ preprocessing, baseline, guesses }) => [
        preprocessing,
        drawTraining(
          { models: { baseline, ...modelsOfGuesses(guesses) } },
          { title: `Preprocessing ${preprocessing}: loss and accuracy over epochs; ${given.size}` }
        )
      ])
    ),
    /** The text taken literally: epsilons are of pixels. Of the trainings it is the last. */
    literal: { baseline: none.baseline, ...NonEmpty.lastNonEmpty(none.guesses) }
  }
}

const someOf = (train: Output<"Dataset">, images: number, params: Params) =>
  images === params.trainCount ? train : take({ data: train }, { count: images })

const baselineOf = (params: Params, given: Given, preprocessing: Preprocessing) =>
  train(
    { data: someOf(given.train, params.baseline.images, params), validation: [], from: [] },
    {
      network: networkWith(preprocessing),
      initialSeed: params.training.seed,
      options: trainingOptions(params.training, params.baseline.epochs)
    }
  )

const guessesOf = (
  params: Params,
  { train, test }: Given,
  preprocessing: Preprocessing,
  baseline: Output<"Model">
): NonEmpty.NonEmptyReadonlyArray<Guess> => {
  const { clamps, trainedOn, images, epochs, epsilons } = params.grid
  const { batchSize } = params.evaluation
  const data = someOf(train, images, params)
  const pixels = (values: ReadonlyArray<number>) => values.map((value) => pixelEpsilon(preprocessing, value))
  const first = new Map<string, NonEmpty.NonEmptyReadonlyArray<Omit<Guess, "cell">>>()

  /** Both curves for each training, with one clamp. */
  const measured = (clamp: "right" | "zero-one") => {
    const attack = { loss: "cross-entropy", clamp: clampOf(preprocessing, clamp) } as const
    const sweep = (title: string, model: Output<"Model">) =>
      oneStepSweep({ model, sets: { test } }, { title, attack, epsilons: pixels(epsilons), batchSize })
    const plain = sweep("CNN", baseline)
    return NonEmpty.map(trainedOn, ([one, ...more]) => {
      const model = oneStepTrain(
        { data, validation: [], from: [baseline] },
        {
          network: networkWith(preprocessing),
          initialSeed: params.training.seed,
          attack: { ...attack, epsilons: [pixelEpsilon(preprocessing, one), ...pixels(more)] },
          options: trainingOptions(params.training, epochs)
        }
      )
      return { plain, model, trained: sweep("CNN with adversarial training", model) }
    })
  }

  return NonEmpty.flatMap(clamps, (clamp) => {
    const range = JSON.stringify(clampOf(preprocessing, clamp))
    const found = first.get(range) ?? measured(clamp)
    first.set(range, found)
    return NonEmpty.map(found, (guess, place) => {
      const trainedText = trainedOn[place]?.join(" ") ?? ""
      const facts = [preprocessing, clamp, trainedText]
      const name = `${preprocessing}-${clamp}-${trainedText.replaceAll(" ", "+")}`
      const sweeps = [`${name}-cnn`, `${name}-trained`]
      return { ...guess, cell: { name, facts, unit: unitOf(preprocessing), sweeps } }
    })
  })
}

/** Each model once, under the name of the first cell that it belongs to. */
const modelsOfGuesses = (guesses: ReadonlyArray<Guess>): { readonly [name: string]: Output<"Model"> } =>
  Object.fromEntries(
    guesses.flatMap(({ cell, model }, place) =>
      guesses.findIndex((guess) => guess.model === model) === place ? [[cell.name, model] as const] : []
    )
  )

/** The sweeps of all cells, under the names that the cells give them. */
export const sweepsOfGuesses = (
  guesses: ReadonlyArray<Guess>
): { readonly [name: string]: Output<"Sweep"> } =>
  Object.fromEntries(
    guesses.flatMap(({ cell, plain, trained }) => [
      [`${cell.name}-cnn`, plain],
      [`${cell.name}-trained`, trained]
    ])
  )
