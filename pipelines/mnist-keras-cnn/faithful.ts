/**
 * The study's column: validation on the test set, a further training on attacked *test* images, and the attack both as it is
 * printed and as it was meant. Beside it, the same training without the leak.
 */
import type { Output } from "../../src/stage/index.ts"
import { fgsm, pgd } from "../../src/tensor/attack/makers.ts"
import { combine } from "../../stages/combine.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { hygiene } from "../../stages/hygiene.ts"
import { noiseSweep } from "../../stages/noise-sweep.ts"
import { oneStepSweep } from "../../stages/one-step-sweep.ts"
import { sweep } from "../../stages/sweep.ts"
import { sweepDifferences } from "../../stages/sweep-differences.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { take } from "../../stages/take.ts"
import { train } from "../../stages/train.ts"
import { transferSweep } from "../../stages/transfer-sweep.ts"
import type { Params } from "./params.ts"
import { published } from "./published.ts"
import { kerasOptions, network } from "./training.ts"

export const faithfulColumn = (
  params: Params,
  given: {
    readonly train: Output<"Dataset">
    readonly test: Output<"Dataset">
    /** What was cut, for titles. */
    readonly size: string
  }
) => {
  const { test, size } = given
  const { epsilon, faithful, evaluation } = params
  const { seed, tolerance, batchSize } = evaluation
  const trained = (data: Output<"Dataset">, from: ReadonlyArray<Output<"Model">>, epochs: number) =>
    train(
      { data, validation: [test], from },
      { network, initialSeed: params.training.seed, options: kerasOptions(params, epochs) }
    )
  const baseline = trained(given.train, [], params.epochs.baseline)

  const attacked = (data: Output<"Dataset">) =>
    generateAdversarial({ model: baseline, data }, { attack: fgsm({ epsilon }), seed, batchSize })
  const some = (data: Output<"Dataset">) => attacked(take({ data }, { count: faithful.attackedImages }))
  const continued = (set: Output<"Dataset">) => {
    const combined = combine({ sets: [given.train, set] }, { name: "clean and attacked images" })
    return { set, combined, model: trained(combined, [baseline], params.epochs.continued) }
  }
  const leaking = continued(some(faithful.trainOnTest ? test : given.train))
  const leakFree = continued(some(given.train))
  const shown = attacked(test)

  const onTest = (model: Output<"Model">) => ({ model, sets: { test } })
  const byFgsm = (model: Output<"Model">, title: string) =>
    sweep(
      { ...onTest(model), source: [] },
      {
        title,
        attack: fgsm({ epsilon: 1 }),
        epsilons: faithful.fgsm.epsilons,
        stepSize: "proportional",
        seed,
        batchSize
      }
    )
  const byPgd = (model: Output<"Model">, title: string) => {
    const { epsilons, stepSize, steps } = faithful.pgd
    const attack = pgd({ epsilon: 1, stepSize, steps })
    return sweep(
      { ...onTest(model), source: [] },
      { title, attack, epsilons, stepSize: "fixed", seed, batchSize }
    )
  }
  /** `seen`: the test images that were attacked against the baseline, which the leaking model was trained on. */
  const threeWays = (model: Output<"Model">, title: string) => ({
    fgsm: byFgsm(model, title),
    pgd: byPgd(model, title),
    seen: transferSweep({ model, attacked: [shown] }, { title, batchSize })
  })
  const after = threeWays(leaking.model, "trained further")
  const without = threeWays(leakFree.model, "trained further without the leak")

  const epsilons = faithful.fgsm.epsilons
  const printed = oneStepSweep(onTest(baseline), {
    title: "baseline, gradient as printed",
    attack: { loss: "softmax-sum", clamp: { lowest: 0, highest: 1 } },
    epsilons,
    batchSize
  })
  const noise = noiseSweep(onTest(baseline), {
    title: "baseline",
    norm: "linf",
    kind: "boundary",
    epsilons,
    seed,
    batchSize
  })
  const sweeps = {
    "baseline-printed": printed,
    "baseline-noise": noise,
    "baseline-fgsm": byFgsm(baseline, "baseline"),
    "baseline-pgd": byPgd(baseline, "baseline"),
    "continued-fgsm": after.fgsm,
    "continued-pgd": after.pgd,
    "continued-seen": after.seen,
    "leak-free-fgsm": without.fgsm,
    "leak-free-pgd": without.pgd,
    "leak-free-seen": without.seen
  }
  return {
    baseline,
    leaking,
    leakFree,
    shown,
    sweeps,
    /** What the printed gradient is worth beside random signs: were it noise, nothing. */
    printedAgainstNoise: sweepDifferences(
      { first: { baseline: printed }, second: { baseline: noise } },
      {
        title: `The printed gradient beside random signs (± of a difference as of independent images); ${size}`,
        names: { first: "gradient as printed", second: "random signs" },
        sweeps: ["baseline"]
      }
    ),
    printedHygiene: hygiene(
      {
        model: baseline,
        data: test,
        singleStep: sweeps["baseline-fgsm"],
        iterative: printed,
        noise,
        transfer: [],
        stronger: []
      },
      {
        title: "Checks of the printed gradient, which is to fail them",
        tolerance,
        loss: "softmax-sum",
        zeroGradientLimit: tolerance,
        batchSize
      }
    ),
    leakage: sweepDifferences(
      { first: after, second: without },
      {
        title: `What attacked test images in the training set gain, one training each (± of a difference as of independent images); ${size}`,
        names: { first: "test images trained on", second: "training images alone" },
        sweeps: ["fgsm", "pgd", "seen"]
      }
    ),
    table: sweepTable({ sweeps }, { title: `Faithful; ${size}` }),
    figure: drawSweeps(
      { sweeps },
      {
        title: `Faithful: accuracy over epsilon; ${size}`,
        published: published.flatMap(({ faithful: sweep, points }) =>
          sweep === null ? [] : [{ sweep, points: [...points] }]
        )
      }
    ),
    trainings: drawTraining(
      { models: { baseline, continued: leaking.model, "leak-free": leakFree.model } },
      { title: `Faithful: loss and accuracy over epochs; ${size}` }
    )
  }
}
