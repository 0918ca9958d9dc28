import { assert, describe, it } from "@effect/vitest"
import { saidBy, Tally } from "../../../src/tensor/evaluation/index.ts"

describe("saidBy", () => {
  it("gives class, probability and cross-entropy, at any size of the logits", () => {
    const logits = Float32Array.of(0, Math.log(3), 1000, 990, 2, 2)
    const said = saidBy(logits, Int32Array.of(0, 1, 1), 2)
    assert.deepStrictEqual([...said.predictions], [1, 0, 0])
    assert.closeTo(said.confidence[0] ?? 0, 0.75, 1e-7)
    assert.closeTo(said.confidence[1] ?? 0, 1 / (1 + Math.exp(-10)), 1e-12)
    assert.strictEqual(said.confidence[2], 0.5)
    const losses = [Math.log(4), 10 + Math.log1p(Math.exp(-10)), Math.log(2)]
    for (const [row, loss] of losses.entries()) assert.closeTo(said.loss[row] ?? 0, loss, 1e-6)
  })
})

describe("Tally", () => {
  const said = {
    predictions: Int32Array.of(0, 1, 1),
    confidence: Float64Array.of(0.9, 0.8, 0.6),
    loss: [0.1, 0.2, 0.6]
  }

  it("adds batches up, class by class", () => {
    const tally = new Tally(["a", "b", "c"])
    tally.add(Int32Array.of(0, 1, 0), said)
    tally.add(Int32Array.of(0, 0, 0), said)
    const { perClass, wrongConfidence, confidence, loss, ...rest } = tally.result("test")
    assert.deepStrictEqual(rest, { set: "test", count: 6, correct: 3 })
    assert.deepStrictEqual(perClass, [
      { name: "a", count: 5, correct: 2 },
      { name: "b", count: 1, correct: 1 },
      { name: "c", count: 0, correct: 0 }
    ])
    assert.closeTo(confidence, 4.6 / 6, 1e-12)
    assert.closeTo(wrongConfidence ?? 0, (0.6 + 0.8 + 0.6) / 3, 1e-12)
    assert.closeTo(loss, 0.3, 1e-12)
  })

  it("counts what was wrong already, and has no confidence of the wrong where nothing is wrong", () => {
    const tally = new Tally(["a", "b"])
    tally.add(Int32Array.of(0, 1, 1), said, Uint8Array.of(0, 1, 0))
    assert.strictEqual(tally.result("t").correct, 2)
    const right = new Tally(["a", "b"])
    right.add(Int32Array.of(0, 1, 1), said)
    assert.isNull(right.result("t").wrongConfidence)
  })
})
