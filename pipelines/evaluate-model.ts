/**
 * Attacks a network that was trained elsewhere, and checks whether the numbers can be believed.
 *
 *     model ─┬─► clean
 *            ├─► sweeps (one per attack) ─┬─► results
 *     test ──┼─► noise ───────────────────┤
 *            └─► controls, stronger ──────┴─► hygiene
 *
 *     pipeline run evaluate-model --set weights=FILE.safetensors --set network=course-cnn
 *     pipeline run evaluate-model --set weights=FILE.onnx
 */
import { Schema } from "effect"
import { type Output, Pipeline } from "../src/stage/index.ts"
import { Norm } from "../src/tensor/attack/attack.ts"
import { bim, fgsm, mifgsm, pgd } from "../src/tensor/attack/makers.ts"
import { Epsilons } from "../src/tensor/evaluation/epsilons.ts"
import { LossName } from "../src/tensor/loss/losses.ts"
import { type KnownNetwork, knownNetworks } from "../src/tensor/network/known/index.ts"
import type { TrainingOptions } from "../src/tensor/train/options.ts"
import { evaluate } from "../stages/evaluate.ts"
import { hygiene } from "../stages/hygiene.ts"
import { importModel, isOnnx } from "../stages/import-model.ts"
import { loadMnist } from "../stages/load-mnist.ts"
import { loadSyntheticDigits } from "../stages/load-synthetic-digits.ts"
import { noiseSweep } from "../stages/noise-sweep.ts"
import { sweep } from "../stages/sweep.ts"
import { sweepTable } from "../stages/sweep-table.ts"
import { train } from "../stages/train.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
const Steps = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

const isKnown = (name: string): name is KnownNetwork => Object.hasOwn(knownNetworks, name)

const NetworkName = Schema.String.check(
  Schema.makeFilter((name) =>
    isKnown(name) || name.endsWith(".json")
      ? undefined
      : `Expected ${Object.keys(knownNetworks).join(", ")}, or a file whose name ends in .json, got ${name}`
  )
)

const AttackName = Schema.Literals(["fgsm", "bim", "mifgsm", "pgd"])
type AttackName = typeof AttackName.Type

const Params = Schema.Struct({
  data: Schema.Literals(["mnist", "synthetic-digits"]),
  /** Test images, from the first. */
  count: Count,
  /** What synthetic digits are drawn from; MNIST does not use it. */
  dataSeed: Schema.Int,
  /**
   * A safetensors file or an ONNX model, by its extension, relative to the project; `null` trains a network here, to try the
   * pipeline out. An ONNX model says itself what `network`, `layout` and `names` say of a safetensors file: they are not used.
   */
  weights: Schema.NullOr(Schema.String),
  /** A network by name, or a JSON file `{ name, layers }`, relative to the project. */
  network: NetworkName,
  /** How the weights are laid out: `pytorch` as a state dict, `native` as this program exports them. */
  layout: Schema.Literals(["pytorch", "native"]),
  /** Where names and shapes do not decide: a given name for a layer or tensor of the network. */
  names: Schema.Record(Schema.String, Schema.String),
  attacks: Schema.Array(AttackName).check(
    Schema.isMinLength(1),
    Schema.makeFilter((attacks) => {
      const twice = attacks.findIndex((name, index) => attacks.indexOf(name) < index)
      return twice === -1 ? undefined : { path: [twice], issue: `${attacks[twice]} is there already` }
    })
  ),
  norm: Norm,
  /** Radii in the norm, in units of the pixel range [0, 1]. */
  epsilons: Epsilons,
  loss: LossName,
  /** Steps of the attacks that take several. */
  steps: Steps,
  /** Length of such a step over epsilon. */
  relativeStep: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2, exclusiveMinimum: true })),
  /** Of PGD, from different random starts. */
  restarts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  seed: Schema.Int,
  batchSize: Count,
  /** By how much of an accuracy a hygiene rule may be broken, as a share of one. */
  tolerance: Share,
  /** The largest share of images without any gradient that hygiene accepts. */
  zeroGradientLimit: Share
}).check(
  Schema.makeFilter(({ data, count, weights, network }) => {
    if (data === "mnist" && count > 10_000) return { path: ["count"], issue: "MNIST has 10000 test images" }
    if (weights === null && !isKnown(network))
      return { path: ["network"], issue: `Expected a name where \`weights\` is null, got ${network}` }
    return undefined
  })
)
type Params = typeof Params.Type

const usual = {
  network: "course-cnn",
  layout: "pytorch",
  names: {},
  attacks: ["fgsm", "pgd"],
  norm: "linf",
  loss: "cross-entropy",
  relativeStep: 0.1,
  restarts: 1,
  dataSeed: 1,
  seed: 1,
  batchSize: 250,
  tolerance: 0.01,
  zeroGradientLimit: 0.05
} as const

export default Pipeline.make("evaluate-model", {
  description:
    "Attacks a network that was trained elsewhere: accuracy over epsilon, and whether to believe it",
  params: Params,
  presets: {
    demo: {
      ...usual,
      data: "synthetic-digits",
      count: 300,
      weights: null,
      network: "mlp-625",
      epsilons: [0, 0.05, 0.1, 0.2, 0.3, 0.5],
      steps: 10,
      relativeStep: 0.25
    },
    quick: {
      ...usual,
      data: "mnist",
      count: 1000,
      weights: "model.safetensors",
      epsilons: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5],
      steps: 40
    },
    full: {
      ...usual,
      data: "mnist",
      count: 10_000,
      weights: "model.safetensors",
      epsilons: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5],
      steps: 100,
      relativeStep: 0.025,
      restarts: 5
    }
  },
  defaultPreset: "quick",
  build: (params) => {
    const { count, dataSeed, epsilons, seed, batchSize, norm, loss, tolerance, zeroGradientLimit } = params
    const test =
      params.data === "mnist"
        ? loadMnist({}, { split: "test", limit: count })
        : loadSyntheticDigits({}, { split: "test", count, seed: dataSeed })
    const { model, ...rest } = modelOf(params)
    const measure = (attack: AttackName, settings = params) =>
      sweep(
        { model, sets: { test }, source: [] },
        {
          title: title(params),
          attack: attackOf(attack, settings),
          epsilons: settings.epsilons,
          stepSize: "proportional",
          seed,
          batchSize
        }
      )
    const sweeps = Object.fromEntries(params.attacks.map((name) => [name, measure(name)]))
    // Hygiene compares one step with many; what was not asked for is measured as a control.
    const many = params.attacks.findLast((name) => name !== "fgsm")
    const controls = {
      ...(params.attacks.includes("fgsm") ? {} : { fgsm: measure("fgsm") }),
      ...(many === undefined ? { pgd: measure("pgd") } : {})
    }
    // Where more steps find more, the attack had not converged. The smallest radius and the middle one are where it would show.
    const radii = epsilons.filter((epsilon) => epsilon > 0)
    const some = radii.filter((_, place) => place === 0 || place === Math.floor(radii.length / 2))
    const stronger: { readonly [name: string]: Output<"Sweep"> } =
      some.length === 0
        ? {}
        : { "more-steps": measure(many ?? "pgd", { ...params, epsilons: some, steps: 2 * params.steps }) }
    const measured: { readonly [name: string]: Output<"Sweep"> } = { ...sweeps, ...controls }
    const noise = noiseSweep(
      { model, sets: { test } },
      { title: title(params), norm, kind: "boundary", epsilons, seed, batchSize }
    )
    return {
      ...rest,
      model,
      test,
      clean: evaluate({ model, data: test }, { title: title(params), batchSize }),
      sweeps,
      controls,
      stronger,
      noise,
      results: sweepTable({ sweeps: { ...measured, ...stronger, noise } }, { title: title(params) }),
      hygiene: hygiene(
        {
          model,
          data: test,
          singleStep: measured["fgsm"] ?? measure("fgsm"),
          iterative: measured[many ?? "pgd"] ?? measure("pgd"),
          noise,
          transfer: [],
          stronger: Object.values(stronger)
        },
        { title: title(params), tolerance, loss, zeroGradientLimit, batchSize }
      )
    }
  }
})

/** Not the file's name: a key covers what is in a file, and not where it lies. */
const title = ({ weights, network }: Params): string =>
  isKnown(network) && !(weights !== null && isOnnx(weights)) ? network : "the model"

const modelOf = (params: Params) => {
  const { weights, network, layout, names } = params
  if (weights !== null && isOnnx(weights)) return { model: importModel({}, { weights }) }
  if (weights !== null || !isKnown(network)) {
    const given = isKnown(network) ? network : { file: network }
    return { model: importModel({}, { weights: weights ?? "", network: given, layout, names }) }
  }
  const data = loadSyntheticDigits({}, { split: "train", count: 2000, seed: params.dataSeed })
  const model = train(
    { data, validation: [], from: [] },
    { network, initialSeed: params.seed, options: trial(params.seed) }
  )
  return { model, training: data }
}

/** Enough for a network that can be attacked. */
const trial = (seed: number): TrainingOptions => ({
  epochs: 4,
  batchSize: 50,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { type: "constant", learningRate: 0.001, warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed,
  evaluationBatchSize: 250
})

/** The attack at its largest epsilon; a sweep changes it in proportion. */
const attackOf = (name: AttackName, params: Params) => {
  const { norm, loss, steps, relativeStep, restarts, epsilons } = params
  const epsilon = epsilons.at(-1) || 1
  const several = { norm, loss, epsilon, steps, stepSize: relativeStep * epsilon }
  switch (name) {
    case "fgsm":
      return fgsm({ norm, loss, epsilon })
    case "bim":
      return bim(several)
    case "mifgsm":
      return mifgsm(several)
    case "pgd":
      return pgd({ ...several, restarts })
  }
}
