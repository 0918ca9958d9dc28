/**
 * Gradients of whole networks against slopes that are measured in double precision, by code that shares nothing with
 * TensorFlow.js: also where the gradients of its `cpu` backend are wrong.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import * as plain from "./doubles.ts"

interface Twice {
  readonly name: string
  readonly shapes: ReadonlyArray<ReadonlyArray<number>>
  readonly recorded: (...tensors: ReadonlyArray<tf.Tensor>) => tf.Scalar
  readonly measured: (...tensors: ReadonlyArray<plain.Doubles>) => number
}

const isRank4 = (x: tf.Tensor | undefined): x is tf.Tensor4D => x?.rank === 4
const images = (x: tf.Tensor | undefined): tf.Tensor4D => {
  if (isRank4(x)) return x
  throw new Error("images and filters have rank 4")
}
const flat = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [x.shape[0] ?? 1, -1])

const crossEntropy = (logits: tf.Tensor): tf.Scalar => {
  const [rows = 1, classes = 1] = logits.shape
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes)
  const hot = tf.oneHot(tf.tensor1d(labels, "int32"), classes)
  return tf.neg(tf.mean(tf.sum(tf.mul(hot, tf.logSoftmax(logits)), 1)))
}
const squares = (x: tf.Tensor): tf.Scalar => {
  const weights = Float32Array.from({ length: x.size }, (_, at) => Math.cos(at + 1))
  return tf.sum(tf.mul(tf.tensor(weights, x.shape), tf.square(x)))
}

const nothing: plain.Doubles = { shape: [0], data: new Float64Array(0) }
const none = tf.scalar

const functions: ReadonlyArray<Twice> = [
  {
    name: "conv, tanh, max pool, dense, cross entropy",
    shapes: [[3, 6, 6, 2], [3, 3, 2, 4], [36, 3], [3]],
    recorded: (x, w, v = none(0), b = none(0)) => {
      const h = tf.maxPool(tf.tanh(tf.conv2d(images(x), images(w), 1, "same")), 2, 2, "same")
      return crossEntropy(tf.add(tf.matMul(flat(h), v), b))
    },
    measured: (x = nothing, w = nothing, v = nothing, b = nothing) =>
      plain.crossEntropy(plain.dense(plain.maxPool(plain.tanh(plain.conv2d(x, w, 1)), 2, 2), v, b))
  },
  {
    name: "conv with strides, average pool with overlap and padding, dense, cross entropy",
    shapes: [[2, 9, 7, 1], [3, 3, 1, 5], [30, 4], [4]],
    recorded: (x, w, v = none(0), b = none(0)) => {
      const h = tf.avgPool(tf.tanh(tf.conv2d(images(x), images(w), 2, "same")), 3, 2, "same")
      return crossEntropy(tf.add(tf.matMul(flat(h), v), b))
    },
    measured: (x = nothing, w = nothing, v = nothing, b = nothing) =>
      plain.crossEntropy(plain.dense(plain.avgPool(plain.tanh(plain.conv2d(x, w, 2)), 3, 2), v, b))
  },
  {
    name: "max pool with overlap and padding",
    shapes: [[2, 5, 7, 3]],
    recorded: (x) => squares(tf.maxPool(images(x), 3, 2, "same")),
    measured: (x = nothing) => plain.squares(plain.maxPool(x, 3, 2))
  },
  {
    name: "bilinear resizing of what is not square",
    shapes: [[2, 3, 5, 2]],
    recorded: (x) => squares(tf.image.resizeBilinear(images(x), [7, 4])),
    measured: (x = nothing) => plain.squares(plain.resize(x, 7, 4, true))
  },
  {
    name: "resizing to the nearest pixel",
    shapes: [[2, 3, 5, 2]],
    recorded: (x) => squares(tf.image.resizeNearestNeighbor(images(x), [7, 4])),
    measured: (x = nothing) => plain.squares(plain.resize(x, 7, 4, false))
  }
]

describe("gradients are the slopes of the function", () => {
  for (const { name, shapes, recorded, measured } of functions)
    it.effect(name, () =>
      Effect.gen(function* () {
        const inputs: Record<string, TensorData> = {}
        const exact: Array<plain.Doubles> = []
        for (const [at, shape] of shapes.entries()) {
          const random = new RandomStream({ seed: 7, purpose: 99, index: at })
          const length = shape.reduce((a, b) => a * b, 1)
          const data = Float32Array.from({ length }, () => random.between(-1, 1))
          inputs[`x${at}`] = { dtype: "F32", shape, data }
          exact.push({ shape, data: Float64Array.from(data) })
        }
        const names = Object.keys(inputs)
        const engine = yield* onnxEngine({ threads: 1 })
        const program = yield* engine.compile({
          name,
          inputs: Object.fromEntries(shapes.map((shape, at) => [`x${at}`, { dtype: "F32" as const, shape }])),
          step: (tensors) => {
            const list = names.flatMap((each) => tensors[each] ?? [])
            const slopes = tf.grads((...given: Array<tf.Tensor>) => recorded(...given))(list)
            return {
              value: recorded(...list),
              ...Object.fromEntries(slopes.map((slope, at) => [`x${at}`, slope]))
            }
          }
        })
        const found: { readonly [output: string]: TensorData } = yield* program.run(inputs)
        assert.closeTo(found["value"]?.data[0] ?? Number.NaN, measured(...exact), 1e-5)
        for (const [at, tensor] of exact.entries()) {
          const slopes = plain.centralDifferences((moved) => measured(...exact.with(at, moved)), tensor)
          for (const [place, slope] of slopes.entries())
            assert.closeTo(found[`x${at}`]?.data[place] ?? Number.NaN, slope, 1e-5, `x${at}[${place}]`)
        }
      })
    )
})
