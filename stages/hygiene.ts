/**
 * Checks that a model's robustness numbers can be believed, from sweeps that were measured before. What fails is a defect of
 * an attack, or a model that hides its gradient, and not robustness.
 *
 * A row of the output is a check; of a check that is made at several epsilons, the worst one, and in `compared at` all of them.
 * `passed` is empty where the sweeps share no epsilon for the check, so that nothing was compared.
 *
 * The checks `single-step-…` look at one step alone. Where they fail and those of `iterative` pass, the single step's numbers say
 * nothing of robustness, and the iterative attack's stand.
 *
 * @see Athalye, Carlini & Wagner 2018, "Obfuscated gradients give a false sense of security", section 3.1
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
  epsilonText,
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
    // Below this epsilon a robust model need not have fallen to chance.
    const atGrey = curve.filter(({ epsilon }) => epsilon >= hygieneOf.greyEpsilon)
    const againstNoise = (attack: Sweep, called: string) =>
      worstOf(attack, noise, (accuracy, random) =>
        hygieneOf.noiseNotStronger({ attack: accuracy, noise: random, tolerance }, called)
      )
    const againstTransfer = (attack: Sweep, other: Sweep, called: string) =>
      worstOf(attack, other, (whiteBox, transferred) =>
        hygieneOf.transferNotStronger({ whiteBox, transfer: transferred, tolerance }, called)
      )
    const share = yield* zeroGradientShare(model, data, params)
    const checks: ReadonlyArray<readonly [check: string, found: FoundAt | undefined]> = [
      [
        "iterative-not-weaker",
        worstOf(iterative, singleStep, (many, one) =>
          hygieneOf.iterativeNotWeaker({ iterative: many, singleStep: one, tolerance })
        )
      ],
      ["noise-not-stronger", againstNoise(iterative, "attack")],
      [`${ofSingleStep}noise-not-stronger`, againstNoise(singleStep, "single step")],
      ...transfer.flatMap((other) => [
        ["transfer-not-stronger", againstTransfer(iterative, other, "white-box attack")] as const,
        [
          `${ofSingleStep}transfer-not-stronger`,
          againstTransfer(singleStep, other, "white-box single step")
        ] as const
      ]),
      ...stronger.map(
        (more) =>
          [
            "converged",
            worstOf(iterative, more, (accuracy, withMore) =>
              hygieneOf.converged({ accuracy, withMore, tolerance })
            )
          ] as const
      ),
      ["non-increasing", curve.length < 2 ? undefined : at(curve, hygieneOf.nonIncreasing(curve, tolerance))],
      ["falls-to-chance", at(atGrey.slice(-1), hygieneOf.fallsToChance(curve, chance, tolerance))],
      ["grey-bound", at(atGrey, hygieneOf.greyBound(curve, chance, tolerance))],
      [
        "gradients-present",
        {
          epsilon: 0,
          epsilons: [0],
          finding: hygieneOf.gradientsPresent({ share, limit: zeroGradientLimit })
        }
      ]
    ]
    const failed = checks.filter(([, found]) => found?.finding.passed === false)
    yield* Metrics.log("checks_failed", failed.length)
    yield* Metrics.log(
      "single_step_checks_failed",
      failed.filter(([check]) => check.startsWith(ofSingleStep)).length
    )
    yield* Metrics.log("zero_gradient_share", share)
    for (const [, found] of failed) yield* Effect.logWarning(`${title}: ${found?.finding.sentence}`)
    return {
      title,
      columns,
      rows: checks.map(([check, found]) =>
        found === undefined
          ? [check, null, null, "", "Not compared: the sweeps have no epsilon for it.", ""]
          : [
              check,
              found.finding.passed,
              found.epsilon,
              found.epsilons.map(epsilonText).join(", "),
              found.finding.sentence,
              numbersOf(found)
            ]
      )
    }
  }
})

const columns: Table["columns"] = [
  { name: "check", type: "text" },
  { name: "passed", type: "boolean" },
  { name: "epsilon", type: "number" },
  { name: "compared at", type: "text" },
  { name: "what was found", type: "text" },
  { name: "numbers", type: "text" }
]

/** How the names of checks begin that look at the single step alone. */
const ofSingleStep = "single-step-"

/** What was found of points of a curve; nothing of none. */
const at = (points: hygieneOf.Curve, finding: hygieneOf.Finding): FoundAt | undefined => {
  const last = points.at(-1)
  return last && { epsilon: last.epsilon, epsilons: points.map(({ epsilon }) => epsilon), finding }
}

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
