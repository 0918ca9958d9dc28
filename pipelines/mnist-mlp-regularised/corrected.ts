/**
 * The corrected column: images cut to [0, 1], PGD, noise, and each factor for itself: dropout, L1, L2, adversarial training. Every
 * number is a mean over seeds.
 */
import type { Output } from "../../src/stage/index.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { judge, sweepsOf } from "../shared/judge.ts"
import { eachSeed, pooled } from "../shared/seeds.ts"
import type { Params } from "./params.ts"
import { cellName } from "./published.ts"
import { trainings } from "./trainings.ts"

export const correctedColumn = (
  params: Params,
  given: { readonly train: Output<"Dataset">; readonly test: Output<"Dataset">; readonly size: string }
) => {
  const { train, test, size } = given
  const { seeds, evaluation, adversarial } = params
  const { l1, l2 } = adversarial
  const none = { l1: 0, l2: 0 }
  const bySeed = eachSeed(seeds, (seed) => {
    const { cell, withoutDropout, byFgsm, byPgd } = trainings(params, train, seed)
    const models = {
      "no-dropout": withoutDropout(),
      [cellName(0, 0)]: cell(none),
      [cellName(l1, 0)]: cell({ l1, l2: 0 }),
      [cellName(0, l2)]: cell({ l1: 0, l2 }),
      [cellName(l1, l2)]: cell({ l1, l2 }),
      "fgsm-trained": byFgsm(none),
      "fgsm-trained-regularised": byFgsm({ l1, l2 }),
      "pgd-trained": byPgd()
    }
    const judged = Object.fromEntries(
      Object.entries(models).map(([name, model]) => [name, judge(evaluation, { name, model, test })])
    )
    return { models, judged }
  })
  const sweeps = pooled(
    "corrected",
    Object.fromEntries(Object.entries(bySeed).map(([seed, { judged }]) => [seed, sweepsOf(judged)]))
  )
  // The models of one seed are checked; the others differ from them by their seed alone.
  const [first] = Object.values(bySeed)
  const checks = Object.entries(first?.judged ?? {}).map(([name, { hygiene }]) => [name, hygiene] as const)
  return {
    models: Object.fromEntries(Object.entries(bySeed).map(([seed, { models }]) => [seed, models])),
    measured: Object.fromEntries(
      Object.entries(bySeed).map(([seed, { judged }]) => [seed, sweepsOf(judged)])
    ),
    sweeps,
    hygiene: Object.fromEntries(checks),
    table: sweepTable(
      { sweeps },
      { title: `Corrected: ${seeds.length} seeds, images cut to [0, 1]; ${size}` }
    ),
    figure: drawSweeps({ sweeps }, { title: `Corrected: accuracy over epsilon; ${size}`, published: [] })
  }
}
