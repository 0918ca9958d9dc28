/** The corrected column: pixels in [0, 1], one and many steps, clean accuracies told, noise and transfer beside. */
import type { Output } from "../../src/stage/index.ts"
import { adversarialTrain } from "../../stages/adversarial-train.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { take } from "../../stages/take.ts"
import { attackedSets, judge, sweepsOf } from "../shared/judge.ts"
import { trainingOptions } from "../shared/training-options.ts"
import type { Params } from "./params.ts"

export const correctedColumn = (
  params: Params,
  given: {
    readonly train: Output<"Dataset">
    readonly test: Output<"Dataset">
    /** Of the grid: without preprocessing. */
    readonly baseline: Output<"Model">
    /** The literal reading of the study's adversarial training. */
    readonly oneStep: Output<"Model">
    readonly size: string
  }
) => {
  const { train, test, baseline, oneStep, size } = given
  const { onTheFly, evaluation } = params
  const pgdOnTheFly = adversarialTrain(
    { data: take({ data: train }, { count: onTheFly.images }), validation: [], from: [baseline] },
    {
      network: "no-pool-cnn",
      initialSeed: params.training.seed,
      attack: {
        norm: "linf",
        epsilon: onTheFly.epsilon,
        stepSize: onTheFly.relativeStep * onTheFly.epsilon,
        steps: onTheFly.steps,
        loss: "cross-entropy",
        randomStart: "uniform",
        warmupEpochs: onTheFly.warmupEpochs
      },
      options: trainingOptions(params.training, onTheFly.epochs)
    }
  )
  const transferred = { pgd: attackedSets(evaluation, { model: baseline, data: test }) }
  const judged = {
    baseline: judge(evaluation, { name: "baseline", model: baseline, test }),
    "one-step": judge(evaluation, { name: "one-step", model: oneStep, test, transferred }),
    "pgd-on-the-fly": judge(evaluation, {
      name: "pgd-on-the-fly",
      model: pgdOnTheFly,
      test,
      transferred,
      strong: true
    })
  }
  const sweeps = sweepsOf(judged)
  return {
    pgdOnTheFly,
    transferred: transferred.pgd,
    judged,
    sweeps,
    table: sweepTable({ sweeps }, { title: `Corrected: pixels in [0, 1]; ${size}` }),
    figure: drawSweeps({ sweeps }, { title: `Corrected: accuracy over epsilon; ${size}`, published: [] }),
    trainings: drawTraining(
      { models: { baseline, "one-step": oneStep, "pgd-on-the-fly": pgdOnTheFly } },
      { title: `Corrected: loss and accuracy over epochs; ${size}` }
    )
  }
}
