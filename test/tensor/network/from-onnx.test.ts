/** fixtures/onnx/export.py wrote the files of PyTorch, and computed their logits. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import "@tensorflow/tfjs-backend-cpu"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { elementsOf, type TensorData } from "../../../src/artifact/tensor-data.ts"
import { apply } from "../../../src/tensor/network/apply.ts"
import { fromOnnx } from "../../../src/tensor/network/from-onnx.ts"
import { knownNetworks } from "../../../src/tensor/network/known/index.ts"
import { makeNetwork, type Network, type NetworkDescription } from "../../../src/tensor/network/network.ts"
import { toOnnx } from "../../../src/tensor/network/to-onnx.ts"
import { toPortableOnnx } from "../../../src/tensor/network/to-portable-onnx.ts"
import { formula, images, networks } from "./fixtures/layers-model-cases.ts"
import { floats, type ModelSpec, node, onnxModel, whole } from "./fixtures/onnx-model.ts"

const fixtures = join(import.meta.dirname, "fixtures/onnx")
const Expected = Schema.Record(Schema.String, Schema.Array(Schema.Finite))
const expected = Schema.decodeSync(Schema.fromJsonString(Expected))(
  readFileSync(join(fixtures, "logits.json"), "utf8")
)

beforeAll(() => tf.setBackend("cpu"))

type Weights = ReadonlyMap<string, TensorData>

/** Logits of three images. */
const logitsOf = (network: Network, weights: Weights): ReadonlyArray<number> =>
  tf.tidy(() => {
    const tensors = [...weights].map(
      ([name, { data, shape }]) => [name, tf.tensor(Float32Array.from(data), [...shape])] as const
    )
    const x = tf.tensor(images(network.input), [3, ...network.input])
    return [...apply(network, Object.fromEntries(tensors), x).dataSync()]
  })

const assertClose = (found: ReadonlyArray<number>, wanted: ReadonlyArray<number>) => {
  assert.isAbove(wanted.length, 0)
  assert.strictEqual(found.length, wanted.length)
  for (const [index, value] of wanted.entries())
    assert.closeTo(found[index] ?? Number.NaN, value, 1e-5 * Math.max(1, Math.abs(value)), `logit ${index}`)
}

/** Weights about as large as initial ones, so that the logits of deep networks are about one. */
const weightsFor = (network: Network): Weights =>
  new Map(
    Object.entries({ ...network.parameters, ...network.statistics }).map(([name, { shape }], k) => {
      const scale = 3 / Math.sqrt(elementsOf(shape.slice(0, -1)))
      const positive = /running_var|bn\d+\.weight/.test(name)
      const data = formula(k, elementsOf(shape)).map((value) => (positive ? value + 1 : value * scale))
      return [name, { dtype: "F32", shape, data }]
    })
  )

const descriptions: ReadonlyArray<readonly [string, NetworkDescription]> = [
  ...Object.entries(knownNetworks),
  ...Object.entries(networks).map(([name, layers]) => [name, { name, layers }] as const)
]

describe("an ONNX model as a network", () => {
  it.effect.each(["conv", "mlp", "pooled"].flatMap((name) => [`${name}-script`, `${name}-dynamo`]))(
    "%s, which PyTorch wrote, gives PyTorch's logits",
    (name) =>
      Effect.gen(function* () {
        const { network, weights } = yield* fromOnnx(readFileSync(join(fixtures, `${name}.onnx`)), name)
        assert.strictEqual(network.name, name)
        assertClose(logitsOf(network, weights), expected[name.replace(/-.*/, "")] ?? [])
      })
  )

  it.effect.each(descriptions)("%s comes back from its export for everybody", ([, description]) =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(description)
      const weights = weightsFor(network)
      const back = yield* fromOnnx(yield* toPortableOnnx(network, weights), "back")
      const dropout = ({ type }: { readonly type: string }) => type !== "dropout"
      assert.deepStrictEqual(
        back.network.layers.map(({ type }) => type),
        network.layers.filter(dropout).map(({ type }) => type)
      )
      assertClose(logitsOf(back.network, back.weights), logitsOf(network, weights))
    })
  )

  it.effect("takes what this program compiled for itself where that is still layers", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(knownNetworks["mlp-625"])
      const weights = weightsFor(network)
      const back = yield* fromOnnx(yield* toOnnx(network, weights, { batch: 3 }), "back")
      assertClose(logitsOf(back.network, back.weights), logitsOf(network, weights))
    })
  )

  it.effect("says what to do with what this program compiled for itself where that is layers no more", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(knownNetworks["keras-cnn"])
      const model = yield* toOnnx(network, weightsFor(network), { batch: 3 })
      const error = yield* Effect.flip(fromOnnx(model, "back"))
      assert.strictEqual(error._tag, "BadOnnx")
      assert.match(error.hint, /write it with `toPortableOnnx`$/)
    })
  )

  /** What ONNX Runtime computes of the same images; they lie in the file's order. */
  const runtime = (model: Uint8Array, shape: ReadonlyArray<number>, { input }: Network) =>
    Effect.promise(async () => {
      const session = await InferenceSession.create(model)
      const pixels = tf.tidy(() => {
        const x = tf.tensor4d(images(input), [3, ...input])
        const first = shape[0] === input[2] && shape[1] === input[0]
        return Float32Array.from((first ? tf.transpose(x, [0, 3, 1, 2]) : x).dataSync())
      })
      const { y } = await session.run({ x: new Tensor("float32", pixels, [3, ...shape]) })
      return y?.data instanceof Float32Array ? [...y.data] : []
    })

  const forms: ReadonlyArray<
    readonly [what: string, shape: ReadonlyArray<number>, Omit<ModelSpec, "inputs">]
  > = [
    [
      "channels last, a row of means, odd padding on top, a bias after the product",
      [5, 4, 3],
      {
        nodes: [
          node("Sub", "x mean", "a"),
          node("Mul", "a scale", "b"),
          node("Transpose", "b", "c", { perm: [0, 3, 1, 2] }),
          node("Conv", "c w", "d", { auto_pad: "SAME_LOWER", kernel_shape: [2, 2] }),
          node("Add", "d conv_bias", "e"),
          node("MaxPool", "e", "f", { kernel_shape: [2, 2] }),
          node("Transpose", "f", "g", { perm: [0, 2, 3, 1] }),
          node("Flatten", "g", "h"),
          node("MatMul", "h m", "i"),
          node("Add", "bias i", "y")
        ],
        tensors: {
          mean: floats([3]),
          scale: floats([], [4]),
          w: floats([2, 3, 2, 2]),
          conv_bias: floats([1, 2, 1, 1]),
          m: floats([24, 3]),
          bias: floats([3])
        }
      }
    ],
    [
      "channels first, reshaped by what the graph looks up, normalised after the flatten",
      [2, 4, 3],
      {
        nodes: [
          node("Conv", "x w b", "a", { pads: [1, 0, 1, 2], strides: [2, 1] }),
          node("AveragePool", "a", "c", {
            kernel_shape: [2, 2],
            strides: [1, 1],
            pads: [0, 1, 0, 0],
            ceil_mode: 1
          }),
          node("Shape", "c", "lengths"),
          node("Slice", "lengths zero one", "images"),
          node("Concat", "images rest", "shape", { axis: 0 }),
          node("Reshape", "c shape", "d"),
          node("BatchNormalization", "d scale shift mean variance", "e", { epsilon: { float: 0.5 } }),
          node("Div", "e two", "f"),
          node("Gemm", "f m gemm_bias", "y", { transB: 1 })
        ],
        tensors: {
          w: floats([4, 2, 2, 2]),
          b: floats([4]),
          zero: whole(0),
          one: whole(1),
          rest: whole(-1),
          scale: floats([32]),
          shift: floats([32], formula(5, 32)),
          mean: floats([32], formula(6, 32)),
          variance: floats(
            [32],
            formula(7, 32).map((value) => value + 1)
          ),
          two: floats([], [2]),
          m: floats([3, 32]),
          gemm_bias: floats([1, 3])
        }
      }
    ],
    [
      "pools over the whole image, and axes taken away",
      [2, 4, 4],
      {
        nodes: [
          node("Conv", "x w", "a", { group: 2, auto_pad: "SAME_UPPER", strides: [2, 2] }),
          node("LeakyRelu", "a", "b"),
          node("GlobalMaxPool", "b", "c"),
          node("Squeeze", "c axes", "d"),
          node("Gemm", "d m", "y")
        ],
        tensors: { w: floats([4, 1, 3, 3]), axes: whole(2, -1), m: floats([4, 3]) }
      }
    ]
  ]
  it.effect.each(forms)("takes %s, as ONNX Runtime does", ([, shape, spec]) =>
    Effect.gen(function* () {
      const model = onnxModel({ ...spec, inputs: { x: [0, ...shape] } })
      const { network, weights } = yield* fromOnnx(model, "form")
      assertClose(logitsOf(network, weights), yield* runtime(model, shape, network))
    })
  )

  it.effect("keeps a dropout with its rate, leaves off a softmax, and says so", () =>
    Effect.gen(function* () {
      const { network, notes } = yield* fromOnnx(
        onnxModel({
          nodes: [
            node("Dropout", "x", "a"),
            node("Flatten", "a", "b"),
            node("Dropout", "b ratio", "c mask"),
            node("MatMul", "c m", "d"),
            node("Softmax", "d", "y")
          ],
          tensors: { ratio: floats([], [0.3]), m: floats([32, 3]) }
        }),
        "n"
      )
      assert.deepStrictEqual(network.description.layers, [
        { type: "input", shape: [4, 4, 2] },
        { type: "flatten" },
        { type: "dropout", rate: 0.3 },
        { type: "dense", units: 3, useBias: false }
      ])
      assert.deepStrictEqual(notes, [
        "its input is taken for images [4, 4, 2] with channels first",
        "its Softmax is left off: networks give logits"
      ])
    })
  )

  it.effect("takes a square number of features for grey images, and says so", () =>
    Effect.gen(function* () {
      const { network, notes } = yield* fromOnnx(
        onnxModel({
          nodes: [node("MatMul", "x m", "y")],
          tensors: { m: floats([9, 3]) },
          inputs: { x: [0, 9] }
        }),
        "n"
      )
      assert.deepStrictEqual(network.input, [3, 3, 1])
      assert.deepStrictEqual(notes, ["9 features are taken for images of 3 x 3 pixels with one channel"])
    })
  )
})
