import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { named } from "../../../src/tensor/optimiser/index.ts"
import { clipByGlobalNorm } from "../../../src/tensor/train/clip.ts"
import { gradientsOf } from "../../../src/tensor/train/index.ts"

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const read = (tensors: { readonly [name: string]: tf.Tensor }, name: string) => [
  ...named(tensors, name).dataSync()
]

describe("gradientsOf", () => {
  const at = () => ({ a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 4]) })
  const product = (tensors: { readonly [name: string]: tf.Tensor }) => {
    const each = tf.mul(named(tensors, "a"), named(tensors, "b"))
    return { value: tf.sum(each), others: { each, a: named(tensors, "a") } }
  }

  it("gives gradients by name, and what the forward pass found", () => {
    const { gradients, others } = gradientsOf(product, at())
    assert.deepStrictEqual(
      [read(gradients, "a"), read(gradients, "b")],
      [
        [3, 4],
        [1, 2]
      ]
    )
    assert.deepStrictEqual(
      [read(others, "each"), read(others, "a")],
      [
        [3, 8],
        [1, 2]
      ]
    )
  })

  it("leaves nothing behind in a scope, and what it was given alone", () => {
    const given = at()
    const before = tf.memory().numTensors
    tf.tidy(() => {
      gradientsOf(product, given)
    })
    assert.strictEqual(tf.memory().numTensors, before)
    assert.deepStrictEqual(read(given, "a"), [1, 2])
  })
})

describe("clipping by the global norm", () => {
  const gradients = () => ({ a: tf.tensor1d([3, 0]), b: tf.tensor2d([[0], [4]]) })

  it("scales all gradients by one factor, to the limit", () => {
    const clipped = clipByGlobalNorm(gradients(), 1)
    for (const [i, value] of [0.6, 0].entries()) assert.closeTo(read(clipped, "a")[i] ?? 9, value, 1e-6)
    for (const [i, value] of [0, 0.8].entries()) assert.closeTo(read(clipped, "b")[i] ?? 9, value, 1e-6)
  })

  it("leaves shorter ones, and zero", () => {
    assert.deepStrictEqual(read(clipByGlobalNorm(gradients(), 5.1), "b"), [0, 4])
    assert.deepStrictEqual(read(clipByGlobalNorm({ a: tf.zeros([2]) }, 1), "a"), [0, 0])
  })
})
