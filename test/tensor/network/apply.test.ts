import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { elementsOf } from "../../../src/artifact/tensor-data.ts"
import { apply, applyTraining } from "../../../src/tensor/network/apply.ts"
import { initialise } from "../../../src/tensor/network/initialise.ts"
import { type LayerDescription, makeNetwork, type Network } from "../../../src/tensor/network/network.ts"
import { formula } from "./fixtures/layers-model-cases.ts"

const small: ReadonlyArray<LayerDescription> = [
  { type: "input", shape: [6, 6, 1] },
  { type: "conv2d", filters: 2, kernelSize: [3, 3] },
  { type: "batchNorm" },
  { type: "relu" },
  { type: "maxPool", size: [2, 2] },
  { type: "flatten" },
  { type: "dropout", rate: 0.5 },
  { type: "dense", units: 3 }
]

const setUp = Effect.map(makeNetwork({ name: "small", layers: small }), (network) => ({
  network,
  weights: tensors(network)
}))

const tensors = (network: Network): Record<string, tf.Tensor> =>
  Object.fromEntries(
    [...initialise(network, { seed: 1 })].map(([name, { data, shape }]) => [
      name,
      tf.tensor(Float32Array.from(data), [...shape])
    ])
  )

const images = (k: number, count: number, { input }: Network): tf.Tensor =>
  tf.tensor(
    formula(k, count * elementsOf(input)).map((value) => value + 0.5),
    [count, ...input]
  )

/** The kernels that a computation runs, in order. */
const kernels = async (compute: () => tf.Tensor): Promise<ReadonlyArray<string>> =>
  (await tf.profile(compute)).kernels.map(({ name }) => name)

beforeAll(() => tf.setBackend("cpu"))

describe("apply", () => {
  it.effect("gives an image the same logits in any batch", () =>
    Effect.gen(function* () {
      const { network, weights } = yield* setUp
      const batch = images(3, 4, network)
      const together = apply(network, weights, batch)
      for (let row = 0; row < 4; row++) {
        const alone = apply(network, weights, tf.slice(batch, row, 1))
        assert.deepStrictEqual([...alone.dataSync()], [...tf.slice(together, row, 1).dataSync()])
      }
    })
  )

  it.effect("runs one kernel for each thing it has to do", () =>
    Effect.gen(function* () {
      const { network, weights } = yield* setUp
      const x = images(3, 2, network)
      const names = yield* Effect.promise(() => kernels(() => apply(network, weights, x)))
      assert.deepStrictEqual(names, [
        ...["Conv2D", "Add"],
        // Scale and shift of two channels' length, then two kernels on the batch.
        ...["Add", "Rsqrt", "Multiply", "Multiply", "Multiply", "Sub", "Add"],
        ...["Relu", "MaxPool", "Reshape"],
        ...["BatchMatMul", "Add"]
      ])
    })
  )

  it.effect("says which tensor a step lacks", () =>
    Effect.gen(function* () {
      const { network, weights } = yield* setUp
      const { "fc1.bias": _, ...others } = weights
      assert.throws(() => apply(network, others, images(3, 1, network)), "no tensor `fc1.bias`")
      assert.throws(
        () => applyTraining(network, weights, images(3, 2, network), {}),
        "no tensor `dropout1.mask`"
      )
    })
  )
})

describe("applyTraining", () => {
  const mask = (network: Network, batch: number) => ({
    "dropout1.mask": tf.ones([batch, ...(network.shapes[5] ?? [])])
  })

  it.effect("returns the next running statistics and changes none in place", () =>
    Effect.gen(function* () {
      const { network, weights } = yield* setUp
      const { statistics } = applyTraining(network, weights, images(3, 4, network), mask(network, 4))
      assert.deepStrictEqual(Object.keys(statistics), Object.keys(network.statistics))
      assert.deepStrictEqual([...(weights["bn1.running_mean"]?.dataSync() ?? [])], [0, 0])
      assert.notDeepEqual([...(statistics["bn1.running_mean"]?.dataSync() ?? [])], [0, 0])
    })
  )

  it.effect("multiplies by the mask", () =>
    Effect.gen(function* () {
      const { network, weights } = yield* setUp
      const none = { "dropout1.mask": tf.zeros([4, ...(network.shapes[5] ?? [])]) }
      const { logits } = applyTraining(network, weights, images(3, 4, network), none)
      assert.deepStrictEqual([...logits.dataSync()], new Array(12).fill(0))
    })
  )

  it.effect("refuses to normalise a single value per channel", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({
        name: "features",
        layers: [
          { type: "input", shape: [2, 2, 1] },
          { type: "flatten" },
          { type: "batchNorm" },
          { type: "dense", units: 2 }
        ]
      })
      assert.throws(
        () => applyTraining(network, tensors(network), images(3, 1, network), {}),
        "batch normalisation cannot train on one value per channel: use a larger batch"
      )
    })
  )
})
