/** Everything that the corrected column measures of one model. */
import type { Output } from "../../src/stage/index.ts"
import { evaluate } from "../../stages/evaluate.ts"
import { hygiene } from "../../stages/hygiene.ts"
import { noiseSweep } from "../../stages/noise-sweep.ts"
import { sweep } from "../../stages/sweep.ts"
import { transferSweep } from "../../stages/transfer-sweep.ts"
import { type AttackFamily, correctedAttacks, judgingPgd } from "./attacks.ts"
import type { Params } from "./params.ts"
import { evaluationBatch as batchSize } from "./training.ts"

export const judged = (
  params: Params,
  given: {
    readonly name: string
    readonly model: Output<"Model">
    readonly test: Output<"Dataset">
    /** Images that were made against the baseline; against the baseline itself they are no transfer. */
    readonly transferred: {
      readonly fgsm: { readonly [epsilon: string]: Output<"Dataset"> }
      readonly pgd: { readonly [epsilon: string]: Output<"Dataset"> }
    }
    readonly isBaseline: boolean
    readonly isYardstick: boolean
  }
) => {
  const { name, model, test, transferred, isBaseline, isYardstick } = given
  const { seed } = params.attacks
  const whiteBox = (attack: AttackFamily, epsilons: ReadonlyArray<number>) =>
    sweep(
      { model, sets: { test }, source: [] },
      { title: name, attack: attack.at(1), epsilons, stepSize: attack.stepSize, seed, batchSize }
    )
  const fgsm = whiteBox(correctedAttacks(params).fgsm, params.sweep.fgsm.epsilons)
  const pgd = whiteBox(judgingPgd(params.sweep.pgd), params.sweep.pgd.epsilons)
  const noise = noiseSweep(
    { model, sets: { test } },
    { title: name, norm: "linf", kind: "boundary", epsilons: params.sweep.noise.epsilons, seed, batchSize }
  )
  const shown = (sets: { readonly [epsilon: string]: Output<"Dataset"> }) =>
    transferSweep({ model, attacked: Object.values(sets) }, { title: name, batchSize })
  const transfer = isBaseline
    ? {}
    : {
        "fgsm-transfer": shown(transferred.fgsm),
        "pgd-transfer": shown(transferred.pgd)
      }
  const strong = isYardstick
    ? { "pgd-strong": whiteBox(judgingPgd(params.strong), params.strong.epsilons) }
    : {}
  return {
    clean: evaluate({ model, data: test }, { title: `${name}, clean test images`, batchSize }),
    sweeps: { fgsm, pgd, noise, ...transfer, ...strong },
    hygiene: hygiene(
      {
        model,
        data: test,
        singleStep: fgsm,
        iterative: pgd,
        noise,
        transfer: Object.values(transfer),
        stronger: Object.values(strong)
      },
      {
        title: `Checks of the numbers of ${name}`,
        tolerance: params.hygiene.tolerance,
        loss: "cross-entropy",
        zeroGradientLimit: params.hygiene.tolerance,
        batchSize
      }
    )
  }
}
