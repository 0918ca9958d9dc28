/** Holds LayersModels to TensorFlow.js' own layers. ../fixtures/layers-model.ts made the numbers with the real library. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import "@tensorflow/tfjs-backend-cpu"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import type { TensorData } from "../../../../src/artifact/tensor-data.ts"
import { apply } from "../../../../src/tensor/network/apply.ts"
import { initialise } from "../../../../src/tensor/network/initialise.ts"
import { knownNetworks } from "../../../../src/tensor/network/known/index.ts"
import { fromLayersModel } from "../../../../src/tensor/network/layers-model/from-layers-model.ts"
import type { KerasLayer } from "../../../../src/tensor/network/layers-model/layers-model.ts"
import { toLayersModel } from "../../../../src/tensor/network/layers-model/to-layers-model.ts"
import { makeNetwork, type Network } from "../../../../src/tensor/network/network.ts"
import { images, networks, saved, weightsOf } from "../fixtures/layers-model-cases.ts"

const Numbers = Schema.Array(Schema.Finite)
const Fixture = Schema.Struct({
  logits: Schema.Record(Schema.String, Numbers),
  saved: Schema.Struct({ model: Schema.Json, shard: Schema.String, probabilities: Numbers })
})
const fixture = Schema.decodeSync(Schema.fromJsonString(Fixture))(
  readFileSync(join(import.meta.dirname, "../fixtures/layers-model.json"), "utf8")
)

const logitsOf = (network: Network, weights: ReadonlyMap<string, TensorData>): tf.Tensor => {
  const tensors = Object.fromEntries(
    [...weights].map(([name, { data, shape }]) => [name, tf.tensor(Float32Array.from(data), [...shape])])
  )
  return apply(network, tensors, tf.tensor(images(network.input), [3, ...network.input]))
}

const assertClose = (actual: ArrayLike<number>, expected: ReadonlyArray<number>) => {
  assert.strictEqual(actual.length, expected.length)
  for (const [index, value] of expected.entries()) {
    assert.closeTo(actual[index] ?? Number.NaN, value, 4e-6 * Math.max(1, Math.abs(value)), `number ${index}`)
  }
}

const caseOf = (name: string) => makeNetwork({ name, layers: networks[name] ?? [] })

beforeAll(() => tf.setBackend("cpu"))

describe("a LayersModel", () => {
  it.effect.each(["everything", "rescaled"])(
    "%s computes what TensorFlow.js computes from the export",
    (name) =>
      Effect.gen(function* () {
        const network = yield* caseOf(name)
        assertClose(logitsOf(network, weightsOf(network)).dataSync(), fixture.logits[name] ?? [])
      })
  )

  it.effect.each(["everything", "rescaled"])("%s comes back as what it was", (name) =>
    Effect.gen(function* () {
      const network = yield* caseOf(name)
      const weights = weightsOf(network)
      const { model, shards } = yield* toLayersModel(network, weights)
      const back = yield* fromLayersModel(JSON.parse(JSON.stringify(model)), shards)
      assertClose(logitsOf(back.network, back.weights).dataSync(), [...logitsOf(network, weights).dataSync()])
      if (name === "rescaled") assert.deepStrictEqual(back.network.layers, network.layers)
      const momenta = ({ layers }: Network) =>
        layers.flatMap((layer) => (layer.type === "batchNorm" ? [layer.momentum.toFixed(9)] : []))
      assert.deepStrictEqual(momenta(back.network), momenta(network))
      for (const [key, tensor] of weights) assert.deepStrictEqual(back.weights.get(key), tensor, key)
    })
  )

  it.effect.each(["keras-cnn", "course-cnn", "mlp-625-dropout"] as const)("%s comes back", (name) =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(knownNetworks[name])
      const weights = initialise(network, { seed: 1 })
      const { model, shards } = yield* toLayersModel(network, weights)
      const back = yield* fromLayersModel(model, shards)
      assert.deepStrictEqual(back.weights, weights)
      assert.deepStrictEqual(
        back.network.layers.map(({ name, type }) => [name, type]),
        network.layers.map(({ name, type }) => [name, type])
      )
    })
  )

  it.effect("has the structure that tf.loadLayersModel reads", () =>
    Effect.gen(function* () {
      const network = yield* caseOf("rescaled")
      const { model, shards } = yield* toLayersModel(network, weightsOf(network))
      assert.deepStrictEqual(model, {
        format: "layers-model",
        generatedBy: "advpipe",
        convertedBy: null,
        modelTopology: {
          class_name: "Sequential",
          config: {
            name: "rescaled",
            layers: [
              {
                class_name: "InputLayer",
                config: {
                  name: "input1",
                  batch_input_shape: [null, 5, 5, 3],
                  dtype: "float32",
                  sparse: false
                }
              },
              { class_name: "Rescaling", config: { name: "normalise1", scale: 2, offset: -1 } },
              {
                class_name: "Conv2D",
                config: {
                  name: "conv1",
                  filters: 2,
                  kernel_size: [2, 2],
                  strides: [1, 1],
                  padding: "valid",
                  data_format: "channels_last",
                  activation: "linear",
                  use_bias: true
                }
              },
              { class_name: "Activation", config: { name: "relu1", activation: "relu" } },
              { class_name: "Flatten", config: { name: "flatten1" } },
              { class_name: "Dense", config: { name: "fc1", units: 3, activation: "linear", use_bias: true } }
            ]
          },
          keras_version: "tfjs-layers 4.22.0",
          backend: "tensor_flow.js"
        },
        weightsManifest: [
          {
            paths: ["group1-shard1of1.bin"],
            weights: [
              { name: "conv1/kernel", shape: [2, 2, 3, 2], dtype: "float32" },
              { name: "conv1/bias", shape: [2], dtype: "float32" },
              { name: "fc1/kernel", shape: [32, 3], dtype: "float32" },
              { name: "fc1/bias", shape: [3], dtype: "float32" }
            ]
          }
        ]
      })
      assert.deepStrictEqual(
        [...shards].map(([path, { length }]) => [path, length]),
        [["group1-shard1of1.bin", 4 * (24 + 2 + 96 + 3)]]
      )
    })
  )

  it.effect(
    "that TensorFlow.js saved is read: fused activations, a norm without scale, padding, a softmax",
    () =>
      Effect.gen(function* () {
        const shards = new Map([["w.bin", new Uint8Array(Buffer.from(fixture.saved.shard, "base64"))]])
        const { network, weights } = yield* fromLayersModel(fixture.saved.model, shards)
        assert.deepStrictEqual([...network.input], [...saved.input])
        assert.deepStrictEqual(
          network.layers.map(({ name, type }) => `${name} ${type}`),
          [
            "input1 input",
            "first conv2d",
            "first_relu relu",
            "norm batchNorm",
            "deep depthwiseConv2d",
            "cut relu",
            "pool maxPool",
            "flat flatten",
            "drop dropout",
            "hidden dense",
            "hidden_tanh tanh",
            "out dense"
          ]
        )
        const norm = network.layers.find(({ type }) => type === "batchNorm")
        assert.strictEqual(norm?.type, "batchNorm")
        if (norm?.type === "batchNorm") assert.closeTo(norm.momentum, 0.1, 1e-12)
        assert.deepStrictEqual([...(weights.get("norm.weight")?.data ?? [])], [1, 1, 1])
        assertClose(tf.softmax(logitsOf(network, weights)).dataSync(), fixture.saved.probabilities)
      })
  )
})

describe("is refused", () => {
  const input: KerasLayer = {
    class_name: "InputLayer",
    config: { name: "in", batch_input_shape: [null, 4, 4, 1] }
  }
  const flat: KerasLayer = { class_name: "Flatten", config: { name: "flat" } }
  const dense: KerasLayer = { class_name: "Dense", config: { name: "out", units: 2, use_bias: false } }
  const kernel = { name: "out/kernel", shape: [16, 2], dtype: "float32" }

  const file = (
    layers: ReadonlyArray<KerasLayer>,
    weights: ReadonlyArray<unknown> = [kernel],
    class_name = "Sequential"
  ) => ({
    modelTopology: { class_name, config: { name: "mine", layers } },
    weightsManifest: [{ paths: ["w.bin"], weights }]
  })
  const keras = (class_name: string, config: KerasLayer["config"]): KerasLayer => ({
    class_name,
    config: { name: "it", ...config }
  })

  const cases: ReadonlyArray<readonly [name: string, model: unknown, says: string, bytes?: number]> = [
    ["a functional model", file([input], [], "Functional"), "model.json: it is a Functional model"],
    ["something else", { hello: 1 }, "model.json: Missing key"],
    [
      "an unknown layer",
      file([input, keras("LSTM", {})]),
      "layer 2 (LSTM `it`): layers of class LSTM are not known here"
    ],
    ["a slip", file([input, keras("Conv2d", {})]), "did you mean `Conv2D`?"],
    [
      "an unknown activation",
      file([input, keras("Activation", { activation: "swish" })]),
      "its activation is swish"
    ],
    [
      "a softmax in the middle",
      file([input, flat, keras("Softmax", {}), dense]),
      "it is a softmax, and not at the end"
    ],
    [
      "channels first",
      file([input, keras("Conv2D", { data_format: "channels_first" })]),
      "its data format is channels_first"
    ],
    ["dilation", file([input, keras("Conv2D", { dilation_rate: [2, 2] })]), "it is dilated"],
    ["groups", file([input, keras("Conv2D", { groups: 2 })]), "it has 2 groups"],
    ["a norm of rows", file([input, keras("BatchNormalization", { axis: 1 })]), "it normalises axis 1"],
    ["a ReLU6", file([input, keras("ReLU", { max_value: 6 })]), "its ReLU is cut off"],
    ["lonely padding", file([input, keras("ZeroPadding2D", {}), flat]), "it comes after a ZeroPadding2D"],
    [
      "features as input",
      file([keras("InputLayer", { batch_input_shape: [null, 784] })]),
      "its batch_input_shape is [null, 784]"
    ],
    ["no input shape", file([flat, dense]), "its batch_input_shape is []"],
    ["layers that do not fit", file([input, dense]), "it wants [features], and gets [4, 4, 1]"],
    [
      "weights of another shape",
      file([input, flat, dense], [{ ...kernel, shape: [4, 8] }]),
      "`out.weight` has the wrong shape"
    ],
    [
      "quantised weights",
      file([input, flat, dense], [{ ...kernel, quantization: { dtype: "uint8" } }]),
      "it is quantised"
    ],
    ["whole numbers", file([input, flat, dense], [{ ...kernel, dtype: "int32" }]), "it is of type int32"],
    ["a short shard", file([input, flat, dense]), "it ends at byte 128 of a group of 124", 124],
    ["a long shard", file([input, flat, dense]), "its weights take 128 bytes, its shards hold 132", 132],
    [
      "no shard",
      { ...file([input, flat, dense]), weightsManifest: [{ paths: ["v.bin"], weights: [kernel] }] },
      "v.bin: the shard is not given"
    ]
  ]
  it.effect.each(cases)("%s", ([, model, says, bytes = 128]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(fromLayersModel(model, new Map([["w.bin", new Uint8Array(bytes)]])))
      assert.include(`${error.message} (${error.hint})`, says)
    })
  )

  it.effect("pooling with explicit padding, on the way out", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({
        name: "padded",
        layers: [
          { type: "input", shape: [4, 4, 1] },
          {
            type: "maxPool",
            size: [2, 2],
            padding: [
              [1, 1],
              [1, 1]
            ]
          },
          { type: "flatten" },
          { type: "dense", units: 2 }
        ]
      })
      const error = yield* Effect.flip(toLayersModel(network, weightsOf(network)))
      assert.include(error.message, "layer 2 (maxPool `pool1`): Keras' pooling has no explicit padding")
    })
  )
})
