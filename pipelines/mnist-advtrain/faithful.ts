/** The study's column: its loss, its steps, its few images; drawn several times, so that there is a standard error. */
import type { Output } from "../../src/stage/index.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { samplePerClass } from "../../stages/sample-per-class.ts"
import { sweep } from "../../stages/sweep.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { type AttackFamily, faithfulAttacks } from "./attacks.ts"
import type { Params } from "./params.ts"
import { published } from "./published.ts"
import { staticTraining } from "./static-training.ts"

export const faithfulColumn = (
  params: Params,
  given: {
    readonly baseline: Output<"Model">
    readonly clean: Output<"Dataset">
    readonly validation: ReadonlyArray<Output<"Dataset">>
    readonly test: Output<"Dataset">
    /** What was cut, for titles. */
    readonly size: string
  }
) => {
  const { baseline, test, size } = given
  const { perClass, seeds, epsilons, wideEpsilons } = params.faithful
  const attacks = faithfulAttacks(params)
  const { fgsm, pgd } = {
    fgsm: staticTraining(params, {
      ...given,
      name: "FGSM, faithful",
      attack: attacks.fgsm,
      epsilons: params.attacks.fgsm.epsilons
    }),
    pgd: staticTraining(params, {
      ...given,
      name: "PGD, faithful",
      attack: attacks.pgd,
      epsilons: params.attacks.pgd.epsilons
    })
  }
  const samples = Object.fromEntries(
    seeds.map((seed) => [`seed-${seed}`, samplePerClass({ data: test }, { perClass, seed })])
  )
  const measure = (
    title: string,
    model: Output<"Model">,
    attack: AttackFamily,
    source: ReadonlyArray<Output<"Model">>,
    at: ReadonlyArray<number>
  ) =>
    sweep(
      { model, sets: samples, source },
      {
        title,
        attack: attack.at(1),
        epsilons: at,
        stepSize: attack.stepSize,
        seed: params.attacks.seed,
        // A sample is one batch: ten classes of so many images.
        batchSize: 10 * perClass
      }
    )
  const all = [...new Set([...epsilons, ...wideEpsilons])].sort((a, b) => a - b)
  const trained = {
    "fgsm-retrained": fgsm.retrained,
    "fgsm-fresh": fgsm.fresh,
    "pgd-retrained": pgd.retrained,
    "pgd-fresh": pgd.fresh
  }
  const sweeps = {
    "baseline-fgsm": measure("baseline", baseline, attacks.fgsm, [], all),
    "baseline-pgd": measure("baseline", baseline, attacks.pgd, [], all),
    ...Object.fromEntries(
      Object.entries(trained).flatMap(([name, model]) => [
        [`${name}-fgsm`, measure(name, model, attacks.fgsm, [], epsilons)],
        [`${name}-pgd-transfer`, measure(name, model, attacks.pgd, [baseline], epsilons)]
      ])
    )
  }
  const table = sweepTable(
    { sweeps },
    { title: `Faithful: ${perClass} test images of each class, ${seeds.length} samples; ${size}` }
  )
  const figure = drawSweeps(
    { sweeps },
    {
      title: `Faithful: accuracy over epsilon; ${size}`,
      published: published.flatMap(({ faithful: sweep, points }) =>
        sweep === null ? [] : [{ sweep, points: [...points] }]
      )
    }
  )
  const trainings = drawTraining(
    { models: trained },
    { title: `Faithful: loss and accuracy over epochs, retrained against fresh; ${size}` }
  )
  return { fgsm, pgd, samples, sweeps, table, figure, trainings }
}
