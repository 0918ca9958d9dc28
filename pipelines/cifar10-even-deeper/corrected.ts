/** The corrected column: what an attacker may do to each model, at the radii where everybody measures and at the study's. */
import type { Output } from "../../src/stage/index.ts"
import { fgsm } from "../../src/tensor/attack/makers.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { evaluate } from "../../stages/evaluate.ts"
import { hygiene } from "../../stages/hygiene.ts"
import { noiseSweep } from "../../stages/noise-sweep.ts"
import { sweep } from "../../stages/sweep.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { type Models, pgdAt } from "./leak.ts"
import { type Params, pixels } from "./params.ts"
import { evaluationBatch as batchSize } from "./training.ts"

export const correctedColumn = (
  params: Params,
  given: {
    readonly models: Models
    readonly test: Output<"Dataset">
    /** The images that PGD attacks. */
    readonly sample: Output<"Dataset">
    /** What was cut, for titles. */
    readonly size: string
  }
) => {
  const { models, test, sample, size } = given
  const { seed, greyLevels } = params.honest
  const judged = (name: keyof Models, number: number) => {
    const model = models[name]
    const radii = [...greyLevels.map((levels) => levels / 255), pixels(params[name].normalisedEpsilon)]
    const epsilons = [...new Set([0, ...radii])].sort((a, b) => a - b)
    const title = `experiment ${number}`
    const shared = { title, epsilons, seed, batchSize }
    const stepSize = "proportional"
    const inputs = { model, sets: { test }, source: [] }
    const onSample = { model, sets: { test: sample }, source: [] }
    const pgd = pgdAt(params, 1)
    const sweeps = {
      fgsm: sweep(inputs, { ...shared, attack: fgsm({ epsilon: 1 }), stepSize }),
      pgd: sweep(onSample, { ...shared, attack: pgd, stepSize }),
      noise: noiseSweep({ model, sets: { test } }, { ...shared, norm: "linf", kind: "boundary" })
    }
    const transfer =
      model === models.first
        ? []
        : [sweep({ ...onSample, source: [models.first] }, { ...shared, attack: pgd, stepSize })]
    return {
      clean: evaluate({ model, data: test }, { title: `${title}, clean test images`, batchSize }),
      sweeps,
      transfer,
      hygiene: hygiene(
        {
          model,
          data: test,
          singleStep: sweeps.fgsm,
          iterative: sweeps.pgd,
          noise: sweeps.noise,
          transfer,
          stronger: []
        },
        {
          title: `Checks of the numbers of ${title}`,
          tolerance: params.hygiene.tolerance,
          loss: "cross-entropy",
          zeroGradientLimit: params.hygiene.tolerance,
          batchSize
        }
      )
    }
  }
  const evaluations = {
    first: judged("first", 1),
    second: judged("second", 2),
    third: judged("third", 3),
    fourth: judged("fourth", 4)
  }
  const sweeps = Object.fromEntries(
    Object.entries(evaluations).flatMap(([name, { sweeps, transfer }]) => [
      ...Object.entries(sweeps).map(([attack, each]) => [`${name}-${attack}`, each] as const),
      ...transfer.map((each) => [`${name}-pgd-transfer`, each] as const)
    ])
  )
  const table = sweepTable({ sweeps }, { title: `Corrected: white-box, transfer and noise; ${size}` })
  const figure = drawSweeps({ sweeps }, { title: `Corrected: accuracy over epsilon; ${size}`, published: [] })
  return { evaluations, sweeps, table, figure }
}
