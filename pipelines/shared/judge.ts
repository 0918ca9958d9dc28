/** What a credible evaluation measures of a model: white-box and transfer apart, controls, checks. */
import { Schema } from "effect"
import type { Output } from "../../src/stage/index.ts"
import { fgsm, pgd } from "../../src/tensor/attack/makers.ts"
import { Epsilons } from "../../src/tensor/evaluation/epsilons.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { hygiene } from "../../stages/hygiene.ts"
import { noiseSweep } from "../../stages/noise-sweep.ts"
import { sweep } from "../../stages/sweep.ts"
import { transferSweep } from "../../stages/transfer-sweep.ts"
import { AttackEpsilons, Count, ProportionalSteps, Share, Steps } from "./fields.ts"

const Pgd = Schema.Struct({ epsilons: Epsilons, ...ProportionalSteps, restarts: Steps })

/** All epsilons are L-infinity radii in units of the pixel range [0, 1]. */
export const EvaluationParams = Schema.Struct({
  /** Of the random starts and the noise. */
  seed: Schema.Int,
  /** Images per run of the network. Other sizes are other programs, which may round otherwise. */
  batchSize: Count,
  fgsm: Schema.Struct({ epsilons: Epsilons }),
  pgd: Pgd,
  /** More steps and restarts, for one model. */
  strong: Pgd,
  noise: Schema.Struct({ epsilons: Epsilons }),
  /** Images made against the baseline by PGD, and shown to the others. */
  transfer: Schema.Struct({ epsilons: AttackEpsilons }),
  /** By how much of an accuracy a rule may be broken. */
  tolerance: Share
})
export type EvaluationParams = typeof EvaluationParams.Type

const pgdAt = ({ steps, relativeStep, restarts }: EvaluationParams["pgd"], epsilon: number) =>
  pgd({ epsilon, stepSize: relativeStep * epsilon, steps, restarts })

/**
 * PGD that evaluates a model: an image on which it has succeeded once is lost. That is a stronger attack than its last point,
 * and it ends early where nothing is left to win.
 */
const judgingPgd = (settings: EvaluationParams["pgd"]) =>
  ({ ...pgdAt(settings, 1), iterate: "first-success" }) as const

/** Images that PGD makes against a model, one set for each epsilon. */
export const attackedSets = (
  params: EvaluationParams,
  { model, data }: { readonly model: Output<"Model">; readonly data: Output<"Dataset"> }
) =>
  Object.fromEntries(
    params.transfer.epsilons.map((epsilon) => [
      `epsilon-${epsilon}`,
      generateAdversarial(
        { model, data },
        {
          attack: pgdAt({ ...params.pgd, restarts: 1 }, epsilon),
          seed: params.seed,
          batchSize: params.batchSize
        }
      )
    ])
  )

export const judge = (
  params: Omit<EvaluationParams, "transfer">,
  given: {
    readonly name: string
    readonly model: Output<"Model">
    readonly test: Output<"Dataset">
    /** Images that each attack made against another model; none for the model that they were made against. */
    readonly transferred?: { readonly [attack: string]: { readonly [epsilon: string]: Output<"Dataset"> } }
    /** Whether the stronger attack is measured, too. */
    readonly strong?: boolean
  }
) => {
  const { name, model, test, transferred = {}, strong = false } = given
  const { seed, tolerance, batchSize } = params
  const whiteBox = (settings: EvaluationParams["pgd"]) =>
    sweep(
      { model, sets: { test }, source: [] },
      {
        title: name,
        attack: judgingPgd(settings),
        epsilons: settings.epsilons,
        stepSize: "proportional",
        seed,
        batchSize
      }
    )
  const singleStep = sweep(
    { model, sets: { test }, source: [] },
    {
      title: name,
      attack: fgsm({ epsilon: 1 }),
      epsilons: params.fgsm.epsilons,
      stepSize: "proportional",
      seed,
      batchSize
    }
  )
  const iterative = whiteBox(params.pgd)
  const noise = noiseSweep(
    { model, sets: { test } },
    { title: name, norm: "linf", kind: "boundary", epsilons: params.noise.epsilons, seed, batchSize }
  )
  const transfer = Object.fromEntries(
    Object.entries(transferred).map(([attack, sets]) => [
      `${attack}-transfer`,
      transferSweep({ model, attacked: Object.values(sets) }, { title: name, batchSize })
    ])
  )
  const stronger: { readonly [name: string]: Output<"Sweep"> } = strong
    ? { "pgd-strong": whiteBox(params.strong) }
    : {}
  return {
    sweeps: { fgsm: singleStep, pgd: iterative, noise, ...transfer, ...stronger },
    hygiene: hygiene(
      {
        model,
        data: test,
        singleStep,
        iterative,
        noise,
        transfer: Object.values(transfer),
        stronger: Object.values(stronger)
      },
      {
        title: `Checks of the numbers of ${name}`,
        tolerance,
        loss: "cross-entropy",
        zeroGradientLimit: tolerance,
        batchSize
      }
    )
  }
}

/** The sweeps of several models under `<model>-<sweep>`. */
export const sweepsOf = (judged: {
  readonly [model: string]: { readonly sweeps: { readonly [name: string]: Output<"Sweep"> } }
}): { readonly [name: string]: Output<"Sweep"> } =>
  Object.fromEntries(
    Object.entries(judged).flatMap(([model, { sweeps }]) =>
      Object.entries(sweeps).map(([name, each]) => [`${model}-${name}`, each] as const)
    )
  )

/** The same sweeps under longer names, so that those of two columns can stand side by side. */
export const named = (
  column: string,
  sweeps: { readonly [name: string]: Output<"Sweep"> }
): { readonly [name: string]: Output<"Sweep"> } =>
  Object.fromEntries(Object.entries(sweeps).map(([name, sweep]) => [`${column}-${name}`, sweep]))
