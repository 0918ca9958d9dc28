/**
 * Checks that a model's robustness numbers can be believed, from sweeps that were measured before. What fails is a defect of
 * an attack, or a model that hides its gradient, and not robustness.
 *
 * A row of the output is a check; of a check that is made at several epsilons, the worst one. `passed` is empty where the
 * sweeps do not say enough for the check.
 *
 * @see Carlini et al. 2019, "On evaluating adversarial robustness", the evaluation checklist
 */
import { Effect, Schema } from "effect"
import { Dataset, Model, Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"
import * as hygieneOf from "../src/tensor/attack/hygiene/index.ts"
import { makeGradientMeasurer } from "../src/tensor/attack/index.ts"
import {
  curveOf,
  type FoundAt,
  largestClassShare,
  loadModel,
  worstOf
} from "../src/tensor/evaluation/index.ts"
import { LossName } from "../src/tensor/loss/index.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const hygiene = Stage.make("hygiene", {
  inputs: {
    model: Model,
    /** The images whose gradients are looked at. */
    data: Dataset,
    /** White-box sweeps of the model: one step, and many. */
    singleStep: Sweep,
    iterative: Sweep,
    noise: Sweep,
    /** Sweeps of the model on images that were made against others. */
    transfer: Stage.list(Sweep),
    /** Sweeps like `iterative` with more steps or restarts. */
    stronger: Stage.list(Sweep)
  },
  params: Schema.Struct({
    title: Schema.String,
    /** By how much of an accuracy a rule may be broken, as a share of one. */
    tolerance: Share,
    /** The loss whose gradient is looked at: the attacks'. */
    loss: LossName,
    /** The largest share of images without any gradient that is acceptable. */
    zeroGradientLimit: Share,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Table,

  *run({ model, data, singleStep, iterative, noise, transfer, stronger }, params) {
    const { title, tolerance, zeroGradientLimit } = params
    const curve = curveOf(iterative)
    const chance = largestClassShare(iterative)
    const last = curve.at(-1)?.epsilon ?? 0
    const share = yield* zeroGradientShare(model, data, params)
    const checks: ReadonlyArray<readonly [check: string, found: FoundAt | undefined]> = [
      [
        "iterative-not-weaker",
        worstOf(iterative, singleStep, (many, one) =>
          hygieneOf.iterativeNotWeaker({ iterative: many, singleStep: one, tolerance })
        )
      ],
      [
        "noise-not-stronger",
        worstOf(iterative, noise, (attack, random) =>
          hygieneOf.noiseNotStronger({ attack, noise: random, tolerance })
        )
      ],
      ...transfer.map(
        (other) =>
          [
            "transfer-not-stronger",
            worstOf(iterative, other, (whiteBox, transferred) =>
              hygieneOf.transferNotStronger({ whiteBox, transfer: transferred, tolerance })
            )
          ] as const
      ),
      ...stronger.map(
        (more) =>
          [
            "converged",
            worstOf(iterative, more, (accuracy, withMore) =>
              hygieneOf.converged({ accuracy, withMore, tolerance })
            )
          ] as const
      ),
      ["non-increasing", { epsilon: last, finding: hygieneOf.nonIncreasing(curve, tolerance) }],
      ["falls-to-chance", atGrey(last, hygieneOf.fallsToChance(curve, chance, tolerance))],
      ["grey-bound", atGrey(last, hygieneOf.greyBound(curve, chance, tolerance))],
      [
        "gradients-present",
        { epsilon: 0, finding: hygieneOf.gradientsPresent({ share, limit: zeroGradientLimit }) }
      ]
    ]
    const failed = checks.filter(([, found]) => found?.finding.passed === false)
    yield* Metrics.log("checks_failed", failed.length)
    yield* Metrics.log("zero_gradient_share", share)
    for (const [, found] of failed) yield* Effect.logWarning(`${title}: ${found?.finding.sentence}`)
    return {
      title,
      columns,
      rows: checks.map(([check, found]) =>
        found === undefined
          ? [check, null, null, "Not checked: the sweeps have no epsilon for it.", ""]
          : [check, found.finding.passed, found.epsilon, found.finding.sentence, numbersOf(found)]
      )
    }
  }
})

const columns: Table["columns"] = [
  { name: "check", type: "text" },
  { name: "passed", type: "boolean" },
  { name: "epsilon", type: "number" },
  { name: "what was found", type: "text" },
  { name: "numbers", type: "text" }
]

/** Below this epsilon a robust model need not have fallen to chance. */
const atGrey = (epsilon: number, finding: hygieneOf.Finding): FoundAt | undefined =>
  epsilon >= hygieneOf.greyEpsilon ? { epsilon, finding } : undefined

const numbersOf = ({ finding }: FoundAt): string =>
  Object.entries(finding.numbers)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(6))}`)
    .join(", ")

/** The share of the images whose gradient is exactly 0 everywhere. */
const zeroGradientShare = Effect.fnUntraced(function* (
  model: Model,
  data: Dataset,
  { loss, batchSize }: { readonly loss: LossName; readonly batchSize: number }
) {
  const loaded = yield* loadModel(model, [data])
  const measure = yield* makeGradientMeasurer({ ...loaded, batchSize, loss })
  let zero = 0
  for (let from = 0; from < data.count; from += batchSize) {
    const { images, labels } = yield* data.rows(from, Math.min(from + batchSize, data.count))
    const { allZero } = yield* measure(images, labels)
    for (const each of allZero) zero += each
    yield* Progress.report(Math.min(from + batchSize, data.count), data.count, "images")
  }
  return zero / data.count
}, Effect.scoped)
