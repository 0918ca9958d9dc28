import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { hygiene } from "../../stages/hygiene.ts"
import { four, linear } from "./linear.ts"
import { recorded } from "./recorded.ts"

/** A sweep of 100 images, half of each class, with so many correct at each epsilon. */
const sweep = (correct: { readonly [epsilon: string]: number }): Sweep => ({
  title: "a sweep",
  network: "linear",
  source: "white-box",
  attack: {},
  points: Object.entries(correct).map(([epsilon, right]) => ({
    epsilon: Number(epsilon),
    trials: [
      {
        set: "test",
        count: 100,
        correct: right,
        perClass: [
          { name: "a", count: 50, correct: right / 2 },
          { name: "b", count: 50, correct: right / 2 }
        ],
        confidence: 0.9,
        wrongConfidence: null,
        loss: 0.1
      }
    ]
  }))
})

const believable = {
  singleStep: sweep({ "0": 98, "0.1": 80, "0.3": 40 }),
  iterative: sweep({ "0": 98, "0.1": 70, "0.3": 20, "0.5": 0 }),
  noise: sweep({ "0.1": 97, "0.3": 90 }),
  transfer: [sweep({ "0.1": 90, "0.3": 85 })],
  stronger: [sweep({ "0.3": 20 })]
}

const params = {
  title: "checks",
  tolerance: 0.01,
  loss: "cross-entropy",
  zeroGradientLimit: 0.01,
  batchSize: 3
}

const check = (change: Partial<typeof believable> = {}, steepness = 5) => {
  const { layer, metrics } = recorded()
  return hygiene.execute({ model: linear(steepness), data: four, ...believable, ...change }, params).pipe(
    Effect.map(({ rows }) => ({
      metrics,
      failed: rows.flatMap(([name, passed, epsilon]) => (passed === false ? [[name, epsilon]] : [])),
      unchecked: rows.flatMap(([name, passed]) => (passed === null ? [name] : [])),
      rows
    })),
    Effect.provide(layer)
  )
}

describe("hygiene", () => {
  it.effect("finds nothing where there is nothing to find, with its numbers", () =>
    Effect.gen(function* () {
      const { failed, unchecked, rows, metrics } = yield* check()
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(unchecked, [])
      assert.strictEqual(metrics["checks_failed"], 0)
      assert.deepStrictEqual(rows[0], [
        "iterative-not-weaker",
        true,
        0.1,
        "0.1, 0.3",
        "The iterative attack leaves an accuracy of 70.00 %, the single step 80.00 %.",
        "iterative 0.7, singleStep 0.8, tolerance 0.01"
      ])
    })
  )

  it.effect("finds each defect, at the epsilon where it is worst", () =>
    Effect.gen(function* () {
      const found = (change: Partial<typeof believable>) => Effect.map(check(change), ({ failed }) => failed)
      assert.deepStrictEqual(yield* found({ singleStep: sweep({ "0.1": 65, "0.3": 0 }) }), [
        ["iterative-not-weaker", 0.3]
      ])
      assert.deepStrictEqual(yield* found({ noise: sweep({ "0.1": 60, "0.3": 90 }) }), [
        ["noise-not-stronger", 0.1],
        ["single-step-noise-not-stronger", 0.1]
      ])
      assert.deepStrictEqual(
        yield* found({ transfer: [sweep({ "0.1": 90 }), sweep({ "0.1": 68, "0.3": 10 })] }),
        [
          ["transfer-not-stronger", 0.3],
          ["single-step-transfer-not-stronger", 0.3]
        ]
      )
      assert.deepStrictEqual(yield* found({ stronger: [sweep({ "0.1": 50, "0.3": 20 })] }), [
        ["converged", 0.1]
      ])
      assert.deepStrictEqual(yield* found({ iterative: sweep({ "0.1": 2, "0.3": 20, "0.5": 0 }) }), [
        ["non-increasing", 0.5]
      ])
      assert.deepStrictEqual(yield* found({ iterative: sweep({ "0.1": 70, "0.3": 20, "0.5": 60 }) }), [
        ["non-increasing", 0.5],
        ["falls-to-chance", 0.5],
        ["grey-bound", 0.5]
      ])
    })
  )

  it.effect("finds a single step that noise and transfer beat, where the iterative attack was not made", () =>
    Effect.gen(function* () {
      // As where a gradient is masked beyond the epsilon that was trained on.
      const { failed, metrics } = yield* check({
        singleStep: sweep({ "0.1": 80, "0.3": 40, "0.4": 82 }),
        noise: sweep({ "0.1": 97, "0.3": 90, "0.4": 80 }),
        transfer: [sweep({ "0.1": 90, "0.3": 85, "0.4": 71 })]
      })
      assert.deepStrictEqual(failed, [
        ["single-step-noise-not-stronger", 0.4],
        ["single-step-transfer-not-stronger", 0.4]
      ])
      assert.deepInclude(metrics, { checks_failed: 2, single_step_checks_failed: 2 })
    })
  )

  it.effect("says at which epsilons it compared, and shows one where something was left", () =>
    Effect.gen(function* () {
      const { rows } = yield* check({
        iterative: sweep({ "0": 98, "0.1": 0, "0.3": 0, "0.5": 0 }),
        transfer: [sweep({ "0.1": 40, "0.3": 0 })]
      })
      const transfer = rows.find(([name]) => name === "transfer-not-stronger")
      assert.deepStrictEqual(transfer?.slice(1, 4), [true, 0.1, "0.1, 0.3"])
    })
  )

  it.effect("finds gradients that are gone, and counts what failed", () =>
    Effect.gen(function* () {
      // Logits this far apart leave the softmax exactly 1, and the gradient of cross-entropy exactly 0.
      const { failed, metrics } = yield* check({}, 1e5)
      assert.deepStrictEqual(failed, [["gradients-present", 0]])
      assert.deepInclude(metrics, { checks_failed: 1, zero_gradient_share: 1 })
    })
  )

  it.effect("says what it could not check", () =>
    Effect.gen(function* () {
      const { unchecked, rows } = yield* check({
        noise: sweep({ "0.2": 50 }),
        iterative: sweep({ "0.1": 70, "0.3": 20 }),
        transfer: [],
        stronger: []
      })
      assert.deepStrictEqual(unchecked, [
        "noise-not-stronger",
        "single-step-noise-not-stronger",
        "falls-to-chance",
        "grey-bound"
      ])
      assert.include(rows[1]?.[4], "Not compared")
    })
  )
})
