import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { crossEntropy } from "../../../src/tensor/loss/index.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import { adversarialObjective, type TrainingAttack } from "../../../src/tensor/train/adversarial-objective.ts"
import { partlyAdversarialObjective } from "../../../src/tensor/train/partly-adversarial.ts"

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
const attack: TrainingAttack = {
  norm: "linf",
  epsilon: 0.25,
  stepSize: 0.25,
  steps: 1,
  loss: "cross-entropy",
  randomStart: "none",
  warmupEpochs: 0
}
const partly = (share: number, change: Partial<TrainingAttack> = {}) =>
  partlyAdversarialObjective(network, { ...attack, ...change }, crossEntropy, 10, share)

/** The images that are trained on, of a batch of grey ones of class 0. */
const prepared = (share: number, count: number) => {
  const { attacked } =
    partly(share).prepare?.({
      network,
      weights: { "fc.weight": tf.tensor2d([5, -5, -5, 5], [2, 2]), "fc.bias": tf.zeros([2]) },
      images: tf.fill([count, 1, 2, 1], 0.5),
      labels: tf.zeros([count], "int32"),
      masks: {},
      extras: { attackEpsilon: tf.scalar(0.25), attackStepSize: tf.scalar(0.25) }
    }) ?? {}
  return [...(attacked?.dataSync() ?? [])]
}

describe("partlyAdversarialObjective", () => {
  it("attacks the first images of a batch, as many as its share says, and leaves the others clean", () => {
    assert.deepStrictEqual(prepared(0.5, 4), [0.25, 0.75, 0.25, 0.75, 0.5, 0.5, 0.5, 0.5])
    assert.deepStrictEqual(prepared(0.25, 4), [0.25, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
  })

  it("attacks one image at least, and all of them with a share of 1", () => {
    assert.deepStrictEqual(prepared(0.01, 2), [0.25, 0.75, 0.5, 0.5])
    assert.deepStrictEqual(prepared(1, 2), [0.25, 0.75, 0.25, 0.75])
    assert.deepStrictEqual(prepared(0.5, 1), [0.25, 0.75])
  })

  it("draws the starts of those images alone, as the objective that attacks all of them does", () => {
    const change = { randomStart: "uniform" } as const
    const position = { seed: 1, epoch: 2, step: 3, rows: Int32Array.of(7, 8, 9, 10) }
    const some = partly(0.5, change)
    const all = adversarialObjective(network, { ...attack, ...change }, crossEntropy, 10)
    assert.deepStrictEqual(some.inputs?.(4)["attackStart"], { dtype: "F32", shape: [2, 1, 2, 1] })
    assert.deepStrictEqual(
      [...(some.draw?.(position)["attackStart"]?.data ?? [])],
      [...(all.draw?.(position)["attackStart"]?.data ?? [])].slice(0, 4)
    )
  })
})
