/** The corrected column: nothing of the test set in any training, one validation set, and evaluations that can be believed. */
import type { Output } from "../../src/stage/index.ts"
import { fgsm } from "../../src/tensor/attack/makers.ts"
import { adversarialTrain } from "../../stages/adversarial-train.ts"
import { combine } from "../../stages/combine.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { split } from "../../stages/split.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { take } from "../../stages/take.ts"
import { train } from "../../stages/train.ts"
import { attackedSets, judge, sweepsOf } from "../shared/judge.ts"
import type { Params } from "./params.ts"
import { kerasOptions, network } from "./training.ts"

export const correctedColumn = (
  params: Params,
  given: { readonly train: Output<"Dataset">; readonly test: Output<"Dataset">; readonly size: string }
) => {
  const { test, size } = given
  const { epsilon, corrected, evaluation, epochs } = params
  const part = (part: "kept" | "held-out") =>
    split(
      { data: given.train },
      { part, heldOutShare: params.validationImages / params.trainCount, seed: params.splitSeed }
    )
  const training = part("kept")
  const validation = [part("held-out")]
  const initialSeed = params.training.seed
  const trained = (data: Output<"Dataset">, from: ReadonlyArray<Output<"Model">>, epochs: number) =>
    train({ data, validation, from }, { network, initialSeed, options: kerasOptions(params, epochs) })
  const baseline = trained(training, [], epochs.baseline)

  const set = generateAdversarial(
    { model: baseline, data: take({ data: training }, { count: corrected.attackedImages }) },
    { attack: fgsm({ epsilon }), seed: evaluation.seed, batchSize: evaluation.batchSize }
  )
  const combined = combine({ sets: [training, set] }, { name: "clean and attacked training images" })
  const { images, steps, relativeStep, ...onTheFly } = corrected.onTheFly
  const models = {
    baseline,
    retrained: trained(combined, [baseline], epochs.continued),
    fresh: trained(combined, [], epochs.baseline),
    "pgd-on-the-fly": adversarialTrain(
      { data: take({ data: training }, { count: images }), validation, from: [baseline] },
      {
        network,
        initialSeed,
        attack: {
          norm: "linf",
          epsilon,
          stepSize: relativeStep * epsilon,
          steps,
          loss: "cross-entropy",
          randomStart: "uniform",
          warmupEpochs: 0
        },
        options: kerasOptions(params, onTheFly.epochs)
      }
    )
  }
  const transferred = { pgd: attackedSets(evaluation, { model: baseline, data: test }) }
  const judged = Object.fromEntries(
    Object.entries(models).map(([name, model]) => [
      name,
      judge(evaluation, {
        name,
        model,
        test,
        ...(model === baseline ? {} : { transferred }),
        strong: model === models["pgd-on-the-fly"]
      })
    ])
  )
  const sweeps = sweepsOf(judged)
  return {
    training,
    validation,
    set,
    combined,
    models,
    transferred: transferred.pgd,
    judged,
    sweeps,
    table: sweepTable({ sweeps }, { title: `Corrected: all test images; ${size}` }),
    figure: drawSweeps({ sweeps }, { title: `Corrected: accuracy over epsilon; ${size}`, published: [] }),
    trainings: drawTraining(
      { models },
      { title: `Corrected: loss and accuracy over epochs, retrained against fresh; ${size}` }
    )
  }
}
