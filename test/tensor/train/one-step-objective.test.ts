import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { crossEntropy } from "../../../src/tensor/loss/index.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import { type OneStepTraining, oneStepObjective } from "../../../src/tensor/train/one-step-objective.ts"

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const network = Effect.runSync(
  makeNetwork({
    name: "two pixels",
    layers: [
      { type: "input", shape: [1, 2, 1] },
      { type: "flatten" },
      { type: "dense", units: 2, name: "fc" }
    ]
  })
)
const attack: OneStepTraining = {
  loss: "cross-entropy",
  clamp: { lowest: 0, highest: 1 },
  epsilons: [0.1, 0.2, 0.3]
}
const objective = (change: Partial<OneStepTraining> = {}) =>
  oneStepObjective(network, { ...attack, ...change }, crossEntropy)
const at = (rows: ReadonlyArray<number>, epoch = 0, seed = 1, step = 0) => ({
  seed,
  epoch,
  step,
  rows: Int32Array.from(rows)
})
const drawn = (where: ReturnType<typeof at>, change: Partial<OneStepTraining> = {}) =>
  [...(objective(change).draw?.(where)["attackEpsilon"]?.data ?? [])].map((value) => Number(value.toFixed(6)))

describe("oneStepObjective", () => {
  it("trains on images one step away from the label, each with its own epsilon, cut to the range", () => {
    const prepare = (change: Partial<OneStepTraining>) => {
      const { attacked } =
        objective(change).prepare?.({
          network,
          weights: { "fc.weight": tf.tensor2d([5, -5, -5, 5], [2, 2]), "fc.bias": tf.zeros([2]) },
          images: tf.tensor4d([0.5, 0.5, 0.1, 0.9], [2, 1, 2, 1]),
          labels: tf.tensor1d([0, 0], "int32"),
          masks: {},
          extras: { attackEpsilon: tf.tensor4d([0.1, 0.3], [2, 1, 1, 1]) }
        }) ?? {}
      return [...(attacked?.dataSync() ?? [])].map((pixel) => Number(pixel.toFixed(6)))
    }
    assert.deepStrictEqual(prepare({}), [0.4, 0.6, 0, 1])
    assert.deepStrictEqual(prepare({ clamp: null }), [0.4, 0.6, -0.2, 1.2])
    assert.deepStrictEqual(prepare({ clamp: { lowest: 0.5, highest: 1 } }), [0.5, 0.6, 0.5, 1])
  })

  it("draws epsilons that belong to image, epoch and seed, not to the batch", () => {
    const rows = Array.from({ length: 60 }, (_, row) => row)
    const all = drawn(at(rows))
    assert.deepStrictEqual([...new Set(all)].sort(), [0.1, 0.2, 0.3])
    assert.deepStrictEqual(drawn(at(rows.slice(20, 30), 0, 1, 7)), all.slice(20, 30))
    assert.notDeepEqual(drawn(at(rows, 1)), all)
    assert.notDeepEqual(drawn(at(rows, 0, 2)), all)
    assert.deepStrictEqual([...new Set(drawn(at(rows), { epsilons: [0.25] }))], [0.25])
  })
})
