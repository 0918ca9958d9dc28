import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeGradientMeasurer, makeMeasurer } from "../../../src/tensor/attack/index.ts"
import { linear, onCpu } from "./classifiers.ts"

/** The difference of the two logits is 3 times the first of twelve pixels. */
const one = linear([3, 2, 2], [[3, 0], ...new Array(11).fill([0, 0])], [0, 1])

const images = Float32Array.from({ length: 36 }, (_, at) => (at % 12 === 0 ? at / 36 : 0.5))
const labels = Int32Array.of(0, 1, 1)

describe("a measurement", () => {
  it.effect("of a model's answers is right to the digit, in any batches", () =>
    Effect.gen(function* () {
      for (const batchSize of [1, 2, 8]) {
        const measure = yield* makeMeasurer({ ...one, batchSize })
        const { predictions, confidence, loss, correct } = yield* measure(images, labels)
        // Logits (0, 1), (1, 1) and (2, 1): of equal ones the first counts.
        assert.deepStrictEqual([...predictions], [1, 0, 0])
        assert.deepStrictEqual([...correct], [0, 0, 0])
        const sure = 1 / (1 + Math.exp(-1))
        for (const [row, value] of [sure, 0.5, sure].entries())
          assert.closeTo(confidence[row] ?? 0, value, 1e-7)
        const wrong = Math.log(1 + Math.E)
        for (const [row, value] of [wrong, Math.LN2, wrong].entries())
          assert.closeTo(loss[row] ?? 0, value, 1e-6)
      }
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("of the gradient tells zeros from a gradient that is zero", () =>
    Effect.gen(function* () {
      const measure = yield* makeGradientMeasurer({ ...one, batchSize: 2, loss: "margin" })
      const { largest, zeroShare, allZero } = yield* measure(images, labels)
      assert.deepStrictEqual([...largest], [3, 3, 3])
      for (const share of zeroShare) assert.closeTo(share, 11 / 12, 1e-6)
      assert.deepStrictEqual([...allZero], [0, 0, 0])
      const flat = linear([3, 2, 2], new Array(12).fill([1, 1]), [1, 0])
      const nothing = yield* makeGradientMeasurer({ ...flat, batchSize: 2, loss: "margin" })
      assert.deepStrictEqual([...(yield* nothing(images, labels)).allZero], [1, 1, 1])
    }).pipe(Effect.provide(onCpu))
  )
})
