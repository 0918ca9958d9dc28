import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Dataset, Model } from "../../src/artifact/index.ts"
import { namedMetrics } from "../../src/artifact/kinds/model-history.ts"
import { fgsm } from "../../src/tensor/attack/index.ts"
import { initialise, makeNetwork } from "../../src/tensor/network/index.ts"
import { adversarialTrain } from "../../stages/adversarial-train.ts"
import { sweep } from "../../stages/sweep.ts"
import { train } from "../../stages/train.ts"
import { corners, options } from "../tensor/train/small.ts"
import { four } from "./linear.ts"
import { recorded } from "./recorded.ts"

const network = {
  name: "small",
  layers: [{ type: "input", shape: [6, 6, 1] }, { type: "flatten" }, { type: "dense", units: 3, name: "fc" }]
}
const still = { ...options, epochs: 1, schedule: { type: "constant", learningRate: 0, warmupEpochs: 0 } }
const learning = { ...options, epochs: 8, schedule: { ...still.schedule, learningRate: 0.03 } }

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)

const trained = (
  params: object = {},
  { data = corners(64, 1), validation = [] as ReadonlyArray<Dataset>, from = [] as ReadonlyArray<Model> } = {}
) => train.execute({ data, validation, from }, { network, initialSeed: 7, options: learning, ...params })

const weightsOf = ({ weights }: Model) => [...weights].map(([name, { data }]) => [name, [...data]])

describe("train", () => {
  it.effect("learns, and tells its curves", () => {
    const { layer, metrics, progress } = recorded()
    return Effect.gen(function* () {
      const { history = [] } = yield* trained({}, { validation: [corners(60, 2)] })
      assert.isAbove(metrics["validation_accuracy"] ?? 0, 0.9)
      assert.isAbove(metrics["training_accuracy"] ?? 0, 0.9)
      assert.strictEqual(metrics["epochs"], 8)
      // The model keeps them, and the last ones are those that were told last.
      assert.deepStrictEqual(
        history.map(({ epoch }) => epoch),
        [1, 2, 3, 4, 5, 6, 7, 8]
      )
      for (const [name, value] of namedMetrics(history[7] ?? assert.fail("there is no last epoch")))
        assert.strictEqual(metrics[name], value)
      assert.deepStrictEqual(progress.at(-1), [8 * 64, 8 * 64, "images"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("begins with the model in `from`, and without one with fresh weights of the seed", () =>
    run(
      Effect.gen(function* () {
        const first = yield* trained()
        const further = yield* trained({ options: still }, { from: [first] })
        assert.deepStrictEqual(weightsOf(further), weightsOf(first))
        // Its history is its own training's.
        assert.deepStrictEqual([first.history?.length, further.history?.length], [8, 1])
        const fresh = yield* trained({ options: still })
        const weights = initialise(yield* makeNetwork(network), { seed: 7 })
        assert.deepStrictEqual(weightsOf(fresh), weightsOf({ network, weights }))
      })
    )
  )

  it.effect("refuses a model of other layers, two models, and data that do not fit", () =>
    run(
      Effect.gen(function* () {
        const model = yield* trained({ options: still })
        const fail = (...given: Parameters<typeof trained>) =>
          Effect.map(Effect.flip(trained(...given)), ({ message }) => message)
        const other = { ...network, name: "other", layers: [...network.layers, { type: "relu" }] }
        assert.match(yield* fail({ network: other }, { from: [model] }), /`network` is `other`.*a `small`/)
        assert.match(yield* fail({}, { from: [model, model] }), /`from` takes one artifact or none, not 2/)
        assert.match(yield* fail({}, { data: four }), /`tiny` does not fit network `small`/)
        assert.match(yield* fail({ network: "keras-cnn" }), /does not fit network `keras-cnn`/)
      })
    )
  )

  it("refuses settings out of range, by its schema", () => {
    const problem = (change: object) => {
      const params = { network, initialSeed: 1, options: { ...options, ...change } }
      const result = Schema.decodeUnknownResult(train.meta.params, { errors: "all" })(params)
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    assert.strictEqual(problem({}), "none")
    assert.match(problem({ epochs: 0 }), /\["epochs"\]/)
    assert.match(problem({ epochs: 100_001 }), /\["epochs"\]/)
    assert.match(problem({ loss: "hinge" }), /\["loss"\]/)
  })
})

describe("adversarial-train", () => {
  const attack = {
    norm: "linf",
    epsilon: 0.15,
    stepSize: 0.08,
    steps: 3,
    loss: "cross-entropy",
    randomStart: "uniform",
    warmupEpochs: 2
  }
  const adversarial = (change: object = {}, settings: object = learning) =>
    adversarialTrain.execute(
      { data: corners(64, 1), validation: [], from: [] },
      { network, initialSeed: 7, attack: { ...attack, ...change }, options: settings }
    )
  const accuracy = (model: Model) =>
    sweep
      .execute(
        { model, sets: { test: corners(150, 3) }, source: [] },
        {
          title: "t",
          attack: { ...fgsm({ epsilon: 1 }) },
          epsilons: [0.15],
          stepSize: "proportional",
          seed: 1,
          batchSize: 50
        }
      )
      .pipe(Effect.map(({ points }) => (points[0]?.trials[0]?.correct ?? 0) / 150))

  it.effect("withstands the attack better than plain training does, which on a linear model is exact", () =>
    run(
      Effect.gen(function* () {
        const longer = { ...learning, epochs: 30 }
        const plain = yield* accuracy(yield* trained({ options: longer }))
        const robust = yield* accuracy(yield* adversarial({}, longer))
        assert.isAbove(robust, plain + 0.05)
      })
    )
  )

  it.effect("is a function of its seed", () =>
    run(
      Effect.gen(function* () {
        const short = { ...learning, epochs: 2 }
        const once = weightsOf(yield* adversarial({}, short))
        assert.deepStrictEqual(weightsOf(yield* adversarial({}, short)), once)
        assert.notDeepEqual(weightsOf(yield* adversarial({}, { ...short, seed: 99 })), once)
      })
    )
  )

  it("refuses an attack that is none, by its schema", () => {
    const problem = (change: object) => {
      const params = { network, initialSeed: 1, attack: { ...attack, ...change }, options }
      const result = Schema.decodeUnknownResult(adversarialTrain.meta.params, { errors: "all" })(params)
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    assert.strictEqual(problem({}), "none")
    assert.match(problem({ epsilon: 1.2 }), /\["epsilon"\]/)
    assert.match(problem({ epsilon: -0.1 }), /\["epsilon"\]/)
    assert.match(problem({ stepSize: 0 }), /\["stepSize"\]/)
    assert.match(problem({ steps: 0 }), /\["steps"\]/)
    assert.match(problem({ norm: "l1" }), /\["norm"\]/)
  })
})
