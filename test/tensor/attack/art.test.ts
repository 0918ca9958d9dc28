/** Known answers: the network and the images of the Adversarial Robustness Toolbox's unit tests. See art/LICENCES.md. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import {
  type Attack,
  type AttackRows,
  classifierOf,
  fgsm,
  makeAttacker,
  makeGradientMeasurer,
  makeMeasurer
} from "../../../src/tensor/attack/index.ts"
import { Engine, type Signature, type Tensors } from "../../../src/tensor/engine.ts"
import { losses } from "../../../src/tensor/loss/index.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import { mean, onCpu, tensor } from "./classifiers.ts"

const file = (name: string) => readFileSync(join(import.meta.dirname, "art", name))

const Numbers = Schema.Array(Schema.Number)
const Attacked = Schema.Struct({
  mean: Schema.Number,
  min: Schema.Number,
  max: Schema.Number,
  predictions: Numbers
})
const known = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      labels: Numbers,
      logits: Numbers,
      lossGradient: Schema.Struct({ column14: Numbers, row14: Numbers }),
      linfPredicted: Attacked,
      linfTrue: Attacked,
      l2Predicted: Attacked
    })
  )
)(file("known.json").toString())

/** The doubles of an .npy file of version 1: ten bytes, of which the last two are the header's length, and the header. */
const doubles = (name: string): Float64Array => {
  const bytes = file(`${name}_MNIST.npy`)
  const data = bytes.subarray(10 + bytes.readUInt16LE(8))
  return new Float64Array(new Uint8Array(data).buffer)
}

const weights = new Map([
  ["conv1.weight", tensor([7, 7, 1, 1], doubles("W_CONV2D"))],
  ["conv1.bias", tensor([1], doubles("B_CONV2D"))],
  ["fc1.weight", tensor([25, 10], doubles("W_DENSE"))],
  ["fc1.bias", tensor([10], doubles("B_DENSE"))]
])

const rows: AttackRows = {
  images: Float32Array.from(gunzipSync(file("mnist-test-11.idx.gz")).subarray(16), (byte) => byte / 255),
  labels: Int32Array.from(known.labels),
  indices: known.labels.map((_, row) => row)
}

const classifier = Effect.map(
  makeNetwork({
    name: "art",
    layers: [
      { type: "input", shape: [28, 28, 1] },
      { type: "conv2d", filters: 1, kernelSize: [7, 7] },
      { type: "relu" },
      { type: "maxPool", size: [4, 4] },
      { type: "flatten" },
      { type: "dense", units: 10 }
    ]
  }),
  classifierOf
)

const attack = (description: Attack) =>
  Effect.gen(function* () {
    const options = { classifier: yield* classifier, weights, batchSize: 4, seed: 0 }
    const attacker = yield* makeAttacker({ ...options, attack: description })
    const { images, predictions, aims } = yield* attacker.run(rows)
    const change = Array.from(images, (value, at) => value - (rows.images[at] ?? 0))
    return {
      mean: mean(change),
      min: Math.min(...change),
      max: Math.max(...change),
      predictions: [...predictions],
      aims: [...aims]
    }
  })

const sameAttack = (found: Effect.Success<ReturnType<typeof attack>>, expected: typeof Attacked.Type) => {
  assert.deepStrictEqual(found.predictions, expected.predictions)
  assert.closeTo(found.mean, expected.mean, 1e-6)
  assert.closeTo(found.min, expected.min, 1e-6)
  assert.closeTo(found.max, expected.max, 1e-6)
}

describe("ART's test network", () => {
  it.effect("has the logits and the loss gradient that ART publishes", () =>
    Effect.gen(function* () {
      const { logits, input, weights: state } = yield* classifier
      const engine = yield* Engine
      const inputs: Signature = { x: { dtype: "F32", shape: [1, ...input] } }
      const program = yield* engine.compile({
        name: "art",
        inputs,
        state,
        step: (tensors) => {
          const loss = (x: tf.Tensor) =>
            losses["cross-entropy"](logits(tensors, x), tf.tensor([7], [1], "int32"))
          const x = tensors["x"] ?? tf.scalar(0)
          return { logits: logits(tensors, x), gradient: tf.grad(loss)(x) }
        }
      })
      yield* program.load(Object.fromEntries(weights))
      const image = tensor([1, ...input], rows.images.subarray(0, 784))
      const found: Tensors = yield* program.run({ x: image })
      const gradient = found["gradient"]?.data ?? []
      near(found["logits"]?.data ?? [], known.logits, 3e-7)
      // ART's own digits, in its rounding.
      near(
        Array.from(found["logits"]?.data ?? []).slice(0, 4),
        [0.15710345, -0.73106134, -0.04039804, -0.47904843],
        3e-7
      )
      near(gradient.slice(14 * 28, 15 * 28), known.lossGradient.row14, 1e-7)
      near(
        Array.from({ length: 28 }, (_, row) => gradient[row * 28 + 14] ?? 0),
        known.lossGradient.column14,
        1e-7
      )
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("falls to FGSM of epsilon 1 as ART's tests say, with predicted labels", () =>
    Effect.gen(function* () {
      const found = yield* attack(fgsm({ epsilon: 1, labels: "predicted" }))
      sameAttack(found, known.linfPredicted)
      assert.deepStrictEqual(found.predictions, [4, 4, 4, 7, 7, 4, 7, 2, 2, 3, 0])
      assert.closeTo(found.mean, 0.2346725, 1e-6)
      assert.deepStrictEqual(found.aims, [7, 1, 1, 4, 4, 1, 4, 4, 4, 4, 4])
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("falls to FGSM of epsilon 1 otherwise with true labels", () =>
    Effect.gen(function* () {
      const found = yield* attack(fgsm({ epsilon: 1 }))
      sameAttack(found, known.linfTrue)
      assert.deepStrictEqual(found.predictions, [4, 4, 4, 4, 7, 4, 7, 4, 4, 4, 4])
      assert.closeTo(found.mean, 0.2132207, 1e-6)
      assert.deepStrictEqual(found.aims, [...known.labels])
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("falls to the fast gradient method of L2 radius 1 as ART's tests say", () =>
    Effect.gen(function* () {
      const found = yield* attack(fgsm({ epsilon: 1, norm: "l2", labels: "predicted" }))
      sameAttack(found, known.l2Predicted)
      assert.closeTo(found.mean, 0.007636416, 2e-7)
      assert.closeTo(found.min, -0.211054801, 1e-6)
      assert.closeTo(found.max, 0.209592223, 1e-6)
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("is measured as it is computed by hand from its logits", () =>
    Effect.gen(function* () {
      const options = { classifier: yield* classifier, weights, batchSize: 4 }
      const measure = yield* makeMeasurer(options)
      const { predictions, confidence, loss, correct } = yield* measure(rows.images, rows.labels)
      assert.deepStrictEqual([...predictions], [7, 1, 1, 4, 4, 1, 4, 4, 4, 4, 4])
      assert.deepStrictEqual([...correct], [1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0])
      const sum = known.logits.reduce((total, logit) => total + Math.exp(logit), 0)
      assert.closeTo(confidence[0] ?? 0, Math.exp(known.logits[7] ?? 0) / sum, 1e-6)
      assert.closeTo(loss[0] ?? 0, Math.log(sum) - (known.logits[7] ?? 0), 1e-6)
      const gradients = yield* makeGradientMeasurer({ ...options, loss: "cross-entropy" })
      const { allZero, zeroShare, largest } = yield* gradients(rows.images, rows.labels)
      assert.deepStrictEqual([...allZero], new Array(11).fill(0))
      // The convolution gives 22 rows, of which five windows of four see 20: pixels of 26 rows and columns count.
      assert.isTrue(zeroShare.every((share) => share > 1 - (26 * 26) / 784 && share < 1))
      assert.isTrue(largest.every((value) => value > 0.05))
    }).pipe(Effect.provide(onCpu))
  )
})

const near = (found: ArrayLike<number>, expected: ReadonlyArray<number>, tolerance: number) => {
  assert.strictEqual(found.length, expected.length)
  for (const [at, value] of expected.entries())
    assert.closeTo(found[at] ?? Number.NaN, value, tolerance, `at ${at}`)
}
