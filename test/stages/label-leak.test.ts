import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { fgsm, pgd } from "../../src/tensor/attack/index.ts"
import { attackedSweep } from "../../stages/attacked-sweep.ts"
import { labelLeak } from "../../stages/label-leak.ts"
import { sweep } from "../../stages/sweep.ts"
import { four, linear } from "./linear.ts"
import { recorded } from "./recorded.ts"

const common = { title: "linear", seed: 1, batchSize: 3 }
const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)
const correct = ({ points }: Sweep) => points.map(({ trials }) => trials.map((trial) => trial.correct))

describe("attacked-sweep", () => {
  const under = (
    steepness: number,
    by: Parameters<typeof attackedSweep>[1]["by"],
    source: ReadonlyArray<ReturnType<typeof linear>> = []
  ) =>
    attackedSweep.execute(
      { model: linear(steepness), sets: { test: four }, source },
      { ...common, by, epsilons: [0, 0.05, 0.1, 0.15, 0.25] }
    )

  it.effect("finds what a sweep finds, as long as the model is right without an attack", () =>
    run(
      Effect.gen(function* () {
        const found = yield* under(5, { attack: fgsm({ epsilon: 1 }) })
        assert.deepStrictEqual(correct(found), [[4], [3], [2], [1], [0]])
        assert.strictEqual(found.source, "white-box")
        assert.deepInclude(found.attack, { counts: "attacked images alone", stepSizeRule: "proportional" })
        const slow = yield* under(5, { attack: pgd({ epsilon: 1, stepSize: 0.5, steps: 4 }) })
        assert.deepStrictEqual(correct(slow).at(-1), [0])
      })
    )
  )

  it.effect("counts an image that the attack made right as right, where a sweep counts it as wrong", () =>
    run(
      Effect.gen(function* () {
        // A model that is always wrong: an attack that leads it away from what it says leads it to the truth.
        const attack = fgsm({ epsilon: 1, labels: "predicted" })
        const found = yield* under(-5, { attack })
        assert.deepStrictEqual(correct(found), [[0], [1], [2], [3], [4]])
        const strict = yield* sweep.execute(
          { model: linear(-5), sets: { test: four }, source: [] },
          { ...common, attack: { ...attack }, epsilons: [0, 0.25], stepSize: "proportional" }
        )
        assert.deepStrictEqual(correct(strict), [[0], [0]])
      })
    )
  )

  it.effect("judges a model on images made against another, and on noise", () =>
    run(
      Effect.gen(function* () {
        const transferred = yield* under(-5, { attack: fgsm({ epsilon: 1 }) }, [linear(5)])
        assert.deepStrictEqual(correct(transferred), [[0], [1], [2], [3], [4]])
        assert.strictEqual(transferred.source, "transfer")
        const noise = yield* under(5, { noise: { norm: "linf" } })
        assert.strictEqual(noise.source, "noise")
        assert.isAtLeast(noise.points.at(-1)?.trials[0]?.correct ?? 0, 0)
        assert.deepStrictEqual(correct(noise)[0], [4])
      })
    )
  )
})

/** A sweep with so many of 1,000 images right, without an attack and with one of epsilon 0.5. */
const found = (clean: number, attacked: number): Sweep => ({
  title: "",
  network: "any",
  source: "white-box",
  attack: {},
  points: [
    [0, clean],
    [0.5, attacked]
  ].map(([epsilon = 0, correct = 0]) => ({
    epsilon,
    trials: [
      { set: "test", count: 1000, correct, perClass: [], confidence: 1, wrongConfidence: null, loss: 0 }
    ]
  }))
})

describe("label-leak", () => {
  const report = (leaking: number, { iterative = 10, standardErrors = 2 } = {}) => {
    const { layer, metrics } = recorded()
    const honest = { m: found(800, 300) }
    return labelLeak
      .execute(
        {
          leaking: { m: found(800, leaking) },
          leakingTransfer: { m: found(800, 700) },
          predictedLabels: honest,
          randomStart: honest,
          iterative: { m: found(790, iterative) },
          transfer: {},
          noise: honest
        },
        { title: "report", standardErrors }
      )
      .pipe(
        Effect.provide(layer),
        Effect.map(({ columns, rows }) => {
          const cell = (name: string) => rows[0]?.[columns.findIndex((column) => column.name === name)]
          return { columns, rows, cell, metrics }
        })
      )
  }

  it.effect("tells a model whose accuracy under the leaking attack alone exceeds the clean one", () =>
    Effect.gen(function* () {
      const { columns, rows, cell, metrics } = yield* report(940)
      assert.deepStrictEqual(
        rows.map(({ length }) => length),
        [columns.length]
      )
      const measured = columns.filter(({ name, unit }) => unit === "share" && !name.endsWith(" s.e."))
      assert.deepStrictEqual(
        measured.map(({ name }) => cell(name)),
        [0.8, 0.94, 0.7, 0.3, 0.3, 0.01, null, 0.3]
      )
      assert.deepStrictEqual([cell("labels leak"), cell("honest attacks above clean")], [true, 0])
      assert.deepStrictEqual([cell("PGD images"), cell("PGD, transferred images")], [1000, null])
      assert.closeTo(Number(cell("clean s.e.")), Math.sqrt((0.8 * 0.2) / 1000), 1e-4)
      assert.deepStrictEqual(metrics, { "leak_m_epsilon_0.5": 1, "honest_above_clean_m_epsilon_0.5": 0 })
    })
  )

  it.effect("does not take chance for a leak", () =>
    Effect.gen(function* () {
      // The standard error of the difference is 0.018.
      assert.deepStrictEqual((yield* report(830)).cell("labels leak"), false)
      assert.deepStrictEqual((yield* report(840)).cell("labels leak"), true)
      assert.deepStrictEqual((yield* report(801, { standardErrors: 0 })).cell("labels leak"), true)
      assert.deepStrictEqual((yield* report(800, { standardErrors: 0 })).cell("labels leak"), false)
    })
  )

  it.effect("counts honest attacks above the clean accuracy on their own images", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* report(940, { iterative: 795 })).cell("honest attacks above clean"), 0)
      assert.strictEqual((yield* report(940, { iterative: 900 })).cell("honest attacks above clean"), 1)
    })
  )
})
