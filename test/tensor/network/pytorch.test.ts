/** Holds networks to PyTorch. fixtures/pytorch.py made the numbers. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { elementsOf, type TensorData } from "../../../src/artifact/tensor-data.ts"
import { apply, applyTraining } from "../../../src/tensor/network/apply.ts"
import { maskSignature } from "../../../src/tensor/network/masks.ts"
import { makeNetwork, type Network } from "../../../src/tensor/network/network.ts"
import { importWeights } from "../../../src/tensor/network/weights/import-weights.ts"

const Numbers = Schema.Array(Schema.Finite)
const Case = Schema.Struct({
  layers: Schema.Array(Schema.Record(Schema.String, Schema.Json)),
  state: Schema.Record(Schema.String, Schema.Array(Schema.Int)),
  evaluated: Numbers,
  trained: Numbers,
  statistics: Schema.Record(Schema.String, Numbers),
  gradients: Schema.Record(Schema.String, Numbers),
  imageGradient: Numbers
})
type Case = typeof Case.Type

const fixture = Schema.decodeSync(Schema.fromJsonString(Schema.Record(Schema.String, Case)))(
  readFileSync(join(import.meta.dirname, "fixtures/pytorch.json"), "utf8")
)
const batch = 5

/** The formula of fixtures/pytorch.py. */
const formula = (k: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7919 + k * 104729 + 17) % 1009) / 1009 - 0.5)

const tensor = (shape: ReadonlyArray<number>, data: Float32Array): TensorData => ({
  dtype: "F32",
  shape,
  data
})

/** The state dict that PyTorch had. */
const stateDict = ({ state }: Case): Map<string, TensorData> => {
  const entries = Object.entries(state).map(([name, shape], k) => {
    const values = formula(k, elementsOf(shape))
    const around1 = shape.length === 1 && /(running_var|weight)$/.test(name)
    return [name, tensor(shape, around1 ? values.map((value) => value + 1) : values)] as const
  })
  return new Map([...entries, ["0.num_batches_tracked", { dtype: "I32", shape: [], data: Int32Array.of(0) }]])
}

const setUp = Effect.fnUntraced(function* (name: string) {
  const found = fixture[name]
  if (found === undefined) return yield* Effect.die(`no case ${name}`)
  const network = yield* makeNetwork({ name, layers: found.layers })
  const weights = yield* importWeights(network, stateDict(found), { layout: "pytorch" })
  return { network, weights, expected: found }
})

const toTensors = (tensors: ReadonlyMap<string, TensorData>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    [...tensors].map(([name, { data, shape }]) => [name, tf.tensor(Float32Array.from(data), [...shape])])
  )

const images = ({ input }: Network): tf.Tensor =>
  tf.tensor(
    formula(99, batch * elementsOf(input)).map((value) => value + 0.5),
    [batch, ...input]
  )

const masks = (network: Network): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(maskSignature(network, batch)).map(([name, { shape }]) => [
      name,
      tf.tensor(
        Float32Array.from({ length: elementsOf(shape) }, (_, i) => (i % 3 === 0 ? 0 : 2)),
        [...shape]
      )
    ])
  )

/** Equal to 1e-5, relative to the largest number. */
const assertClose = (
  actual: ArrayLike<number>,
  expected: ReadonlyArray<number>,
  what: string,
  tolerance = 1e-5
) => {
  assert.strictEqual(actual.length, expected.length, what)
  const scale = Math.max(1, ...expected.map(Math.abs))
  for (const [index, value] of expected.entries()) {
    assert.closeTo(actual[index] ?? Number.NaN, value, tolerance * scale, `${what} ${index}`)
  }
}

/** What our names are called in the state dict. */
const theirNames = (network: Network, state: Case["state"]): ReadonlyMap<string, string> => {
  const all = { ...network.parameters, ...network.statistics }
  const layers = [...new Set(Object.keys(all).map((name) => name.slice(0, name.lastIndexOf("."))))]
  const ordered = network.layers.filter(({ name }) => layers.includes(name)).map(({ name }) => name)
  const numbers = [...new Set(Object.keys(state).map((name) => name.split(".")[0] ?? ""))]
  return new Map(
    Object.keys(all).map((name) => {
      const at = name.lastIndexOf(".")
      return [name, `${numbers[ordered.indexOf(name.slice(0, at))]}${name.slice(at)}`]
    })
  )
}

beforeAll(() => tf.setBackend("cpu"))

describe("as PyTorch computes it", () => {
  it.effect.each(["course", "strides", "padded"])("%s, evaluated", (name) =>
    Effect.gen(function* () {
      const { network, weights, expected } = yield* setUp(name)
      const logits = tf.tidy(() => apply(network, toTensors(weights), images(network)).dataSync())
      assertClose(logits, expected.evaluated, "logit")
    })
  )

  it.effect.each(["course", "strides", "padded"])("%s, trained: logits and running statistics", (name) =>
    Effect.gen(function* () {
      const { network, weights, expected } = yield* setUp(name)
      const { logits, statistics } = applyTraining(
        network,
        toTensors(weights),
        images(network),
        masks(network)
      )
      assertClose(logits.dataSync(), expected.trained, "logit")
      assert.deepStrictEqual(Object.keys(statistics), Object.keys(network.statistics))
      const names = theirNames(network, expected.state)
      const theirs = new Map(Object.entries(expected.statistics))
      // The layout of statistics is the layout of weights: import them as PyTorch's.
      const next = yield* importWeights(
        network,
        new Map(
          [...stateDict(expected)].map(([key, old]) => {
            const moved = theirs.get(key)
            return [key, moved === undefined ? old : tensor(old.shape, Float32Array.from(moved))]
          })
        ),
        { layout: "pytorch" }
      )
      for (const [key, running] of Object.entries(statistics)) {
        assert.isTrue(theirs.has(names.get(key) ?? ""), key)
        assertClose(running.dataSync(), [...(next.get(key)?.data ?? [])], key)
      }
    })
  )

  it.effect.each(["course", "strides", "padded"])("%s, trained: the gradient by every tensor", (name) =>
    Effect.gen(function* () {
      const { network, weights, expected } = yield* setUp(name)
      const all = toTensors(weights)
      const order = Object.keys(network.parameters)
      const objective = (...given: ReadonlyArray<tf.Tensor>): tf.Tensor => {
        const [x, ...parameters] = given
        const step = { ...all, ...Object.fromEntries(order.map((key, index) => [key, parameters[index]])) }
        const tensors = Object.fromEntries(
          Object.entries(step).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
        )
        const { logits } = applyTraining(network, tensors, x ?? images(network), masks(network))
        const c = tf.tensor(formula(77, batch * network.classes), [batch, network.classes])
        return tf.sum(tf.mul(logits, c))
      }
      const inputs = [images(network), ...order.flatMap((key) => all[key] ?? [])]
      const [byImage, ...byParameter] = tf.grads(objective)(inputs)
      assertClose(byImage?.dataSync() ?? [], expected.imageGradient, "pixel", 1e-4)

      // A gradient is laid out as its tensor is.
      const gradients = new Map(
        [...stateDict(expected)].map(([key, old]) => {
          const values = expected.gradients[key]
          return [key, values === undefined ? old : tensor(old.shape, Float32Array.from(values))]
        })
      )
      const theirs = yield* importWeights(network, gradients, { layout: "pytorch" })
      for (const [index, key] of order.entries()) {
        assertClose(byParameter[index]?.dataSync() ?? [], [...(theirs.get(key)?.data ?? [])], key, 1e-4)
      }
    })
  )
})
