import { assert, describe, it } from "@effect/vitest"
import { firstSuccess, higher, keepBetter, type Outcome } from "../../../src/tensor/attack/kept.ts"

/** Points of three images; every array tells whose they are. */
const points = (name: number, success: ReadonlyArray<number>, gain: ReadonlyArray<number>): Outcome => ({
  images: Float32Array.from([0, 0, 1, 1, 2, 2], (image) => 10 * name + image),
  logits: Float32Array.from([0, 0, 1, 1, 2, 2], (image) => 20 * name + image),
  predictions: Int32Array.from([0, 1, 2], (image) => 30 * name + image),
  loss: Float32Array.from([0, 1, 2], (image) => 40 * name + image),
  gain: Float32Array.from(gain),
  success: Uint8Array.from(success)
})

describe("keeping the better points", () => {
  it("takes over all that is known of an image, and nothing of the others", () => {
    const kept = points(1, [0, 0, 0], [1, 1, 1])
    assert.deepStrictEqual(keepBetter(kept, points(2, [0, 0, 0], [0, 2, 0]), 3, higher), [1])
    assert.deepStrictEqual(kept, {
      images: Float32Array.of(10, 10, 21, 21, 12, 12),
      logits: Float32Array.of(20, 20, 41, 41, 22, 22),
      predictions: Int32Array.of(30, 61, 32),
      loss: Float32Array.of(40, 81, 42),
      gain: Float32Array.of(1, 2, 1),
      success: Uint8Array.of(0, 0, 0)
    })
  })

  it("puts success above gain", () => {
    const success = () =>
      keepBetter(points(1, [0, 1, 0], [5, 1, 1]), points(2, [1, 0, 0], [1, 5, 1]), 3, higher)
    assert.deepStrictEqual(success(), [0])
  })

  it("within a run lets the higher of two successes win, between restarts the first", () => {
    const [kept, other] = [points(1, [1, 1, 1], [1, 1, 1]), points(2, [1, 1, 0], [2, 0, 9])]
    assert.deepStrictEqual(keepBetter(points(1, [1, 1, 1], [1, 1, 1]), other, 3, higher), [0])
    assert.deepStrictEqual(keepBetter(kept, other, 3, firstSuccess), [])
  })

  it("leaves out the rows that fill a batch up", () => {
    const better = keepBetter(
      points(1, [0, 0, 0], [0, 0, 0]),
      points(2, [1, 1, 1], [1, 1, 1]),
      2,
      firstSuccess
    )
    assert.deepStrictEqual(better, [0, 1])
  })
})
