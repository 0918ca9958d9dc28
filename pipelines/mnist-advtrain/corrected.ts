/** The corrected column: cross-entropy, all test images, white-box and transfer apart, controls and checks. */
import type { Output } from "../../src/stage/index.ts"
import { attackMatrix } from "../../stages/attack-matrix.ts"
import { checkSummary } from "../../stages/check-summary.ts"
import { drawMatrix } from "../../stages/draw-matrix.ts"
import { drawPredictions } from "../../stages/draw-predictions.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { evaluate } from "../../stages/evaluate.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { imageGrid } from "../../stages/image-grid.ts"
import { perturbationSizes } from "../../stages/perturbation-sizes.ts"
import { samplePerClass } from "../../stages/sample-per-class.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { tallyPredictions } from "../../stages/tally-predictions.ts"
import { judge, sweepsOf } from "../shared/judge.ts"
import { type AttackFamily, correctedAttacks } from "./attacks.ts"
import { onTheFlyModels } from "./on-the-fly.ts"
import type { Params } from "./params.ts"
import { staticTraining } from "./static-training.ts"
import { evaluationBatch } from "./training.ts"

export const correctedColumn = (
  params: Params,
  given: {
    readonly baseline: Output<"Model">
    /** All training images, and those of them that the static sets are made from. */
    readonly training: Output<"Dataset">
    readonly clean: Output<"Dataset">
    readonly validation: ReadonlyArray<Output<"Dataset">>
    readonly test: Output<"Dataset">
    /** What was cut, for titles. */
    readonly size: string
  }
) => {
  const { baseline, test, size } = given
  const attacks = correctedAttacks(params)
  const fgsm = staticTraining(params, {
    ...given,
    name: "FGSM",
    attack: attacks.fgsm,
    epsilons: params.attacks.fgsm.epsilons
  })
  const pgd = staticTraining(params, {
    ...given,
    name: "PGD",
    attack: attacks.pgd,
    epsilons: params.attacks.pgd.epsilons
  })
  const onTheFly = onTheFlyModels(params, given)
  const models = {
    baseline,
    "fgsm-retrained": fgsm.retrained,
    "fgsm-fresh": fgsm.fresh,
    "pgd-retrained": pgd.retrained,
    "pgd-fresh": pgd.fresh,
    ...onTheFly.models
  }

  /** Images against one model, for others to be judged by. */
  const attacked = (model: Output<"Model">, data: Output<"Dataset">, attack: AttackFamily, epsilon: number) =>
    generateAdversarial(
      { model, data },
      { attack: attack.at(epsilon), seed: params.attacks.seed, batchSize: evaluationBatch }
    )
  const { transfer } = params.sweep
  const againstBaseline = (attack: AttackFamily, epsilons: ReadonlyArray<number>) =>
    Object.fromEntries(
      epsilons.map((epsilon) => [`epsilon-${epsilon}`, attacked(baseline, test, attack, epsilon)])
    )
  const transferred = {
    fgsm: againstBaseline(attacks.fgsm, transfer.fgsm),
    pgd: againstBaseline(attacks.pgd, transfer.pgd)
  }

  const evaluation = {
    ...params.sweep,
    strong: params.strong,
    tolerance: params.hygiene.tolerance,
    seed: params.attacks.seed,
    batchSize: evaluationBatch
  }
  const evaluations = Object.fromEntries(
    Object.entries(models).map(([name, model]) => [
      name,
      {
        clean: evaluate(
          { model, data: test },
          { title: `${name}, clean test images`, batchSize: evaluationBatch }
        ),
        ...judge(evaluation, {
          name,
          model,
          test,
          ...(model === baseline ? {} : { transferred }),
          strong: model === onTheFly.models["pgd-on-the-fly"]
        })
      }
    ])
  )
  const sweeps = sweepsOf(evaluations)

  const { epsilon, perClass } = params.matrix
  const sample =
    perClass === null ? test : samplePerClass({ data: test }, { perClass, seed: params.attacks.seed })
  const sources = Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, attacked(model, sample, attacks.pgd, epsilon)])
  )
  const matrix = attackMatrix(
    { models, sets: sources },
    {
      title: `Corrected: PGD at epsilon ${epsilon}, every source against every model; ${size}`,
      batchSize: evaluationBatch
    }
  )
  const checks = checkSummary(
    { checks: Object.fromEntries(Object.entries(evaluations).map(([name, each]) => [name, each.hygiene])) },
    { title: `Corrected: checks of each model's numbers; ${size}` }
  )
  const table = sweepTable({ sweeps }, { title: `Corrected: all test images; ${size}` })
  const perturbations = perturbationSizes(
    { clean: sample, attacked: sources },
    { title: `Corrected: what PGD at epsilon ${epsilon} changes; ${size}`, batchSize: evaluationBatch }
  )
  const predictions = tallyPredictions(
    { models, clean: sample, attacked: sources },
    {
      title: `Corrected: predictions, clean and under PGD at epsilon ${epsilon}`,
      attack: `PGD, ε ${epsilon}`,
      batchSize: evaluationBatch
    }
  )
  const figures = {
    sweeps: drawSweeps({ sweeps }, { title: `Corrected: accuracy over epsilon; ${size}`, published: [] }),
    trainings: drawTraining({ models }, { title: `Corrected: loss and accuracy over epochs; ${size}` }),
    matrix: drawMatrix(
      { matrix },
      { title: `Corrected: PGD at epsilon ${epsilon}, every source against every model` }
    ),
    confusion: drawPredictions(
      { predictions },
      { title: `Corrected: confusion, clean and under PGD at epsilon ${epsilon}`, as: "confusion" }
    ),
    confidence: drawPredictions(
      { predictions },
      { title: `Corrected: confidence, clean and under PGD at epsilon ${epsilon}`, as: "confidence" }
    ),
    images: imageGrid(
      { models, data: sample },
      {
        title: "Corrected: what PGD does to images",
        attack: attacks.pgd.at(1),
        epsilons: [...new Set([0.1, epsilon])],
        seed: params.attacks.seed,
        images: 6
      }
    )
  }
  return {
    fgsm,
    pgd,
    onTheFly,
    transferred,
    evaluations,
    sweeps,
    sample,
    sources,
    matrix,
    perturbations,
    predictions,
    checks,
    table,
    figures
  }
}
