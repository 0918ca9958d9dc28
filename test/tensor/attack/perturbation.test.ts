import { assert, describe, it } from "@effect/vitest"
import { perturbationsOf } from "../../../src/tensor/attack/index.ts"

describe("a perturbation", () => {
  it("is measured value by value and pixel by pixel", () => {
    // Two images of two pixels with two channels.
    const clean = Float32Array.of(0, 0.5, 0.5, 1, 0.25, 0.25, 0.25, 0.25)
    const other = Float32Array.of(0.25, 0.75, 0.5, 1, 0.25, 0.25, 0.25, 0.75)
    const { linf, l2, changedValues, changedPixels } = perturbationsOf(clean, other, [2, 1, 2])
    assert.deepStrictEqual([...linf], [0.25, 0.5])
    assert.deepStrictEqual([...l2], [Math.sqrt(0.125), 0.5])
    assert.deepStrictEqual([...changedValues], [0.5, 0.25])
    assert.deepStrictEqual([...changedPixels], [0.5, 0.5])
  })
})
