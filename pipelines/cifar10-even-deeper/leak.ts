/** The study's attack on each model at the study's epsilon, beside five of the same size that leak no label. */
import type { Output } from "../../src/stage/index.ts"
import type { Attack } from "../../src/tensor/attack/attack.ts"
import { fgsm, pgd } from "../../src/tensor/attack/makers.ts"
import { attackedSweep } from "../../stages/attacked-sweep.ts"
import { labelLeak } from "../../stages/label-leak.ts"
import { type Params, pixels } from "./params.ts"
import { evaluationBatch } from "./training.ts"

export type Experiment = "first" | "second" | "third" | "fourth"
export type Models = { readonly [name in Experiment]: Output<"Model"> }

const names = ["first", "second", "third", "fourth"] as const

/** PGD from a random start, its steps a share of epsilon. */
export const pgdAt = ({ honest: { pgd: settings } }: Params, epsilon: number): Attack =>
  pgd({ epsilon, stepSize: settings.relativeStep * epsilon, steps: settings.steps })

export const leakReport = (
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
  /** What some of the models make of attacked images, each at its experiment's epsilon. */
  const measured = (
    what: string,
    by: (epsilon: number) => Parameters<typeof attackedSweep>[1]["by"],
    { set = test, source = [] }: { set?: Output<"Dataset">; source?: ReadonlyArray<Output<"Model">> } = {}
  ) =>
    Object.fromEntries(
      names.flatMap((name) => {
        // Images that were made against a model itself are no transfer.
        if (source.includes(models[name])) return []
        const epsilon = pixels(params[name].normalisedEpsilon)
        const sweep = attackedSweep(
          { model: models[name], sets: { test: set }, source },
          {
            title: `experiment ${names.indexOf(name) + 1} under ${what}`,
            by: by(epsilon),
            epsilons: [0, epsilon],
            seed: params.honest.seed,
            batchSize: evaluationBatch
          }
        )
        return [[name, sweep] as const]
      })
    )
  const withTrueLabels = (epsilon: number) => ({ attack: fgsm({ epsilon }) })
  const leaking = measured("FGSM with true labels", withTrueLabels)
  const leakingTransfer = measured("FGSM with true labels, against experiment 1", withTrueLabels, {
    source: [models.first]
  })
  const honest = {
    predictedLabels: measured("FGSM with predicted labels", (epsilon) => ({
      attack: fgsm({ epsilon, labels: "predicted" })
    })),
    randomStart: measured("FGSM with a random start", (epsilon) => ({
      attack: fgsm({ epsilon, randomStart: "uniform" })
    })),
    iterative: measured("PGD", (epsilon) => ({ attack: pgdAt(params, epsilon) }), { set: sample }),
    transfer: measured("PGD against experiment 1", (epsilon) => ({ attack: pgdAt(params, epsilon) }), {
      set: sample,
      source: [models.first]
    }),
    noise: measured("random signs", () => ({ noise: { norm: "linf" } }))
  }
  const report = labelLeak(
    { leaking, leakingTransfer, ...honest },
    {
      title: `Label leak: accuracy on attacked images alone, at the study's epsilons; ${size}`,
      standardErrors: params.leak.standardErrors
    }
  )
  return { leaking, leakingTransfer, honest, report }
}
