import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Clamp, makeSignMeasurer, oneStep } from "../../../src/tensor/attack/index.ts"
import { linear, onCpu } from "./classifiers.ts"

const rounded = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(6)))

describe("a single step", () => {
  const images = Float32Array.of(0, 0.5, 0.9, 0.4)
  const signs = Float32Array.of(-1, 1, 1, 0)

  it("goes epsilon along the signs, and is cut to the range or not at all", () => {
    const at = (clamp: Clamp) => rounded(oneStep(images, signs, 0.2, clamp))
    assert.deepStrictEqual(at({ lowest: 0, highest: 1 }), [0, 0.7, 1, 0.4])
    assert.deepStrictEqual(at(null), [-0.2, 0.7, 1.1, 0.4])
    // What the step leaves alone is cut, too.
    assert.deepStrictEqual(at({ lowest: 0.5, highest: 1 }), [0.5, 0.7, 1, 0.5])
    assert.deepStrictEqual(rounded(images), [0, 0.5, 0.9, 0.4])
  })

  it("has a range that is one", () => {
    const problem = Schema.decodeUnknownResult(Clamp)({ lowest: 1, highest: 0 })
    assert.match(problem._tag === "Failure" ? problem.failure.message : "", /more than the lowest, 1, got 0/)
  })
})

describe("the signs of a gradient", () => {
  it.effect("are those of a linear model's weights, in any batches, and 0 where the gradient is", () =>
    Effect.gen(function* () {
      const model = linear(
        [1, 3, 1],
        [
          [2, -1],
          [-3, 0],
          [1, 1]
        ]
      )
      const images = new Float32Array(9).fill(0.5)
      const labels = Int32Array.of(0, 1, 0)
      for (const batchSize of [1, 2, 5]) {
        const measure = yield* makeSignMeasurer({ ...model, batchSize, loss: "margin" })
        assert.deepStrictEqual([...(yield* measure(images, labels))], [-1, 1, 0, 1, -1, 0, -1, 1, 0])
      }
    }).pipe(Effect.provide(onCpu))
  )
})
