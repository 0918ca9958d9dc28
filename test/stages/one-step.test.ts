import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Model } from "../../src/artifact/index.ts"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { fgsm } from "../../src/tensor/attack/index.ts"
import { oneStepSweep } from "../../stages/one-step-sweep.ts"
import { oneStepTrain } from "../../stages/one-step-train.ts"
import { sweep } from "../../stages/sweep.ts"
import { train } from "../../stages/train.ts"
import { corners, options } from "../tensor/train/small.ts"
import { four, linear } from "./linear.ts"
import { recorded } from "./recorded.ts"

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)
const right = { lowest: 0, highest: 1 }
const epsilons = [0, 0.05, 0.1, 0.15, 0.25]
const correct = ({ points }: Sweep) => points.map(({ trials }) => trials.map((trial) => trial.correct))

const measure = (clamp: object | null, model = linear(5), loss = "cross-entropy") =>
  oneStepSweep.execute(
    { model, sets: { test: four } },
    { title: "linear", attack: { loss, clamp }, epsilons, batchSize: 3 }
  )

describe("one-step-sweep", () => {
  it.effect("is FGSM where images are cut to [0, 1]", () =>
    run(
      Effect.gen(function* () {
        const ours = yield* measure(right)
        const usual = yield* sweep.execute(
          { model: linear(5), sets: { test: four }, source: [] },
          {
            title: "linear",
            attack: { ...fgsm({ epsilon: 1 }) },
            epsilons,
            stepSize: "proportional",
            seed: 1,
            batchSize: 3
          }
        )
        assert.deepStrictEqual(correct(ours), correct(usual))
        assert.deepStrictEqual(correct(ours), [[4], [3], [2], [1], [0]])
        for (const [place, { trials }] of ours.points.entries())
          assert.closeTo(trials[0]?.loss ?? 0, usual.points[place]?.trials[0]?.loss ?? 1, 1e-6)
        assert.strictEqual(ours.title, usual.title)
        assert.strictEqual(ours.source, "white-box")
      })
    )
  )

  it.effect(
    "cuts to another range, which takes images further than epsilon, but not those at epsilon 0",
    () =>
      run(
        Effect.gen(function* () {
          const grey = yield* measure({ lowest: 0.49, highest: 0.51 })
          // The brighter pixel stays the brighter one, by 0.02: the logits are 0.2 apart.
          assert.deepStrictEqual(correct(grey), [[4], [3], [2], [1], [0]])
          const [still, moved] = grey.points.map(({ trials }) => trials[0]?.confidence ?? 0)
          assert.isAbove(still ?? 0, 0.75)
          assert.closeTo(moved ?? 0, 1 / (1 + Math.exp(-0.2)), 2e-3)
          assert.include(grey.title, "cut to [0.49, 0.51]")
          const free = yield* measure(null)
          assert.deepStrictEqual(correct(free), [[4], [3], [2], [1], [0]])
          assert.include(free.title, "not cut")
        })
      )
  )

  it.effect("of the sum of probabilities moves nothing, or anywhere", () =>
    run(
      Effect.gen(function* () {
        const found = yield* measure(right, linear(5), "softmax-sum")
        assert.isAtLeast(correct(found)[2]?.[0] ?? 0, correct(yield* measure(right))[2]?.[0] ?? 4)
        assert.include(found.title, "softmax-sum")
      })
    )
  )
})

const network = {
  name: "small",
  layers: [{ type: "input", shape: [6, 6, 1] }, { type: "flatten" }, { type: "dense", units: 3, name: "fc" }]
}
const learning = {
  ...options,
  epochs: 30,
  schedule: { type: "constant", learningRate: 0.03, warmupEpochs: 0 }
}
const given = { data: corners(64, 1), validation: [], from: [] as ReadonlyArray<Model> }
const base = { network, initialSeed: 7, options: learning }

describe("one-step-train", () => {
  const attack = { loss: "cross-entropy", clamp: right, epsilons: [0.1, 0.15] }
  const accuracy = (model: Model) =>
    oneStepSweep
      .execute(
        { model, sets: { test: corners(150, 3) } },
        { title: "t", attack: { loss: "cross-entropy", clamp: right }, epsilons: [0.15], batchSize: 50 }
      )
      .pipe(Effect.map(({ points }) => (points[0]?.trials[0]?.correct ?? 0) / 150))

  it.effect("withstands the attack better than plain training does", () =>
    run(
      Effect.gen(function* () {
        const plain = yield* accuracy(yield* train.execute(given, base))
        const robust = yield* accuracy(yield* oneStepTrain.execute(given, { ...base, attack }))
        assert.isAbove(robust, plain + 0.05)
      })
    )
  )

  it.effect("with epsilon 0 alone is plain training", () =>
    run(
      Effect.gen(function* () {
        const weights = ({ weights }: Model) => [...weights].map(([name, { data }]) => [name, [...data]])
        const none = { ...attack, epsilons: [0] }
        assert.deepStrictEqual(
          weights(yield* oneStepTrain.execute(given, { ...base, attack: none })),
          weights(yield* train.execute(given, base))
        )
      })
    )
  )
})
