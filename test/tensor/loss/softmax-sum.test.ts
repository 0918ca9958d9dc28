import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../../../src/data/random.ts"
import { softmaxSum } from "../../../src/tensor/loss/index.ts"

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const stream = new RandomStream({ seed: 3, purpose: 0, index: 0 })
const logits = tf.tensor2d(
  Array.from({ length: 200 }, () => Array.from({ length: 10 }, () => 4 * stream.normal()))
)
const labels = tf.zeros([200], "int32")

describe("softmaxSum", () => {
  const slope = tf.grad((z) => tf.sum(softmaxSum(z, labels)))(logits)

  it("is one, up to rounding, and its gradient is rounding", () => {
    for (const value of softmaxSum(logits, labels).dataSync()) assert.closeTo(value, 1, 5e-7)
    for (const value of slope.dataSync()) assert.isAtMost(Math.abs(value), 5e-7)
  })

  it("has no gradient at all for some examples, and for others one of either sign", () => {
    const [largest, least] = [tf.max(slope, 1).dataSync(), tf.min(slope, 1).dataSync()]
    assert.isTrue([...largest].some((value, row) => value === 0 && least[row] === 0))
    assert.isTrue([...largest].some((value) => value > 0))
    assert.isTrue([...least].some((value) => value < 0))
  })

  it("does not depend on the labels", () => {
    const others = tf.fill([200], 7, "int32")
    assert.deepStrictEqual(softmaxSum(logits, others).dataSync(), softmaxSum(logits, labels).dataSync())
  })
})
