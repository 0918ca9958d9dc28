/** The study's column: all cells of its grid, under FGSM whose images are not cut. */
import type { Output } from "../../src/stage/index.ts"
import { oneStepSweep } from "../../stages/one-step-sweep.ts"
import { eachSeed, pooled } from "../shared/seeds.ts"
import type { Params } from "./params.ts"
import { cellName } from "./published.ts"
import { trainings } from "./trainings.ts"

export const faithfulColumn = (
  params: Params,
  { train, test }: { readonly train: Output<"Dataset">; readonly test: Output<"Dataset"> }
) => {
  const { lambdas, seeds, faithful, evaluation } = params
  const cells = lambdas.l1.flatMap((l1) => lambdas.l2.map((l2) => ({ l1, l2 })))
  const bySeed = eachSeed(seeds, (seed) => {
    const { cell } = trainings(params, train, seed)
    const models = Object.fromEntries(
      cells.map((penalty) => [cellName(penalty.l1, penalty.l2), cell(penalty)])
    )
    const sweeps = Object.fromEntries(
      Object.entries(models).map(([name, model]) => [
        name,
        oneStepSweep(
          { model, sets: { test } },
          {
            title: name,
            attack: { loss: "cross-entropy", clamp: null },
            epsilons: faithful.epsilons,
            batchSize: evaluation.batchSize
          }
        )
      ])
    )
    return { models, sweeps }
  })
  const sweeps = pooled(
    "FGSM, not cut",
    Object.fromEntries(Object.entries(bySeed).map(([seed, { sweeps }]) => [seed, sweeps]))
  )
  return { bySeed, sweeps }
}
