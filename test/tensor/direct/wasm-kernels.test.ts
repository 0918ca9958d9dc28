/** The kernels that this program gives the WebAssembly backend, against those of the plain one. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { RandomStream } from "../../../src/data/random.ts"
import { useBackend } from "../../../src/tensor/direct/backend.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { wasmEngine } from "../../../src/tensor/direct/wasm.ts"

const engines = Effect.all([cpuEngine, wasmEngine])

/** Numbers in [-1, 1). */
const numbers = (index: number, shape: ReadonlyArray<number>): Float32Array => {
  const stream = new RandomStream({ seed: 1, purpose: 0, index })
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.uint32() / 2 ** 31 - 1)
}

/** Values of what `compute` returns, on a backend. */
const on = (
  backend: "cpu" | "wasm",
  compute: () => ReadonlyArray<tf.Tensor>
): ReadonlyArray<ReadonlyArray<number>> => {
  useBackend(backend)
  return tf.tidy(() => compute().map((tensor) => [...tensor.dataSync()]))
}

const assertNear = (
  actual: ReadonlyArray<ReadonlyArray<number>>,
  expected: ReadonlyArray<ReadonlyArray<number>>
): void => {
  assert.deepStrictEqual(
    actual.map(({ length }) => length),
    expected.map(({ length }) => length)
  )
  for (const [index, values] of expected.entries()) {
    const size = Math.max(1, ...values.map(Math.abs))
    for (const [at, value] of values.entries())
      assert.closeTo(actual[index]?.[at] ?? Number.NaN, value, 1e-5 * size)
  }
}

const pair = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
const explicit = fc.tuple(pair(0, 2), pair(0, 2))

describe("the WebAssembly backend", () => {
  it.effect("computes any convolution and its gradients", () =>
    Effect.gen(function* () {
      yield* engines
      const convolution = fc.record({
        size: pair(3, 8),
        filterSize: pair(1, 3),
        strides: pair(1, 3),
        channels: pair(1, 4),
        images: fc.integer({ min: 1, max: 3 }),
        pad: fc.oneof(fc.constant("same" as const), fc.constant("valid" as const), explicit)
      })
      fc.assert(
        fc.property(convolution, ({ size, filterSize, strides, channels: [c, k], images, pad }) => {
          const imageShape: Shape = [images, ...size, c]
          const filterShape: Shape = [...filterSize, c, k]
          const padding = typeof pad === "string" ? pad : ([[0, 0], pad[0], pad[1], [0, 0]] satisfies Padding)
          const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
            tf.conv2d(
              tf.reshape<tf.Rank.R4>(x, imageShape),
              tf.reshape<tf.Rank.R4>(filter, filterShape),
              strides,
              padding
            )
          const convolveEach = (x: tf.Tensor, filter: tf.Tensor) =>
            tf.depthwiseConv2d(
              tf.reshape<tf.Rank.R4>(x, imageShape),
              tf.reshape<tf.Rank.R4>(filter, filterShape),
              strides,
              padding
            )
          const results = () => {
            const x = tf.tensor4d(numbers(0, imageShape), imageShape)
            const filter = tf.tensor4d(numbers(1, filterShape), filterShape)
            const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(convolve(a, b)))
            const each = tf.tensor4d(numbers(1, filterShape), filterShape)
            const separate = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(convolveEach(a, b)))
            const both = [convolve(x, filter), ...tf.grads(loss)([x, filter])]
            return [...both, convolveEach(x, each), ...tf.grads(separate)([x, each])]
          }
          assertNear(on("wasm", results), on("cpu", results))
        }),
        { numRuns: 60 }
      )
    })
  )

  it.effect("computes any pooling and its gradient", () =>
    Effect.gen(function* () {
      yield* engines
      const pooling = fc.record({
        size: pair(3, 7),
        filterSize: pair(1, 3),
        strides: pair(1, 3),
        channels: fc.integer({ min: 1, max: 5 }),
        pad: fc.constantFrom("same", "valid")
      })
      fc.assert(
        fc.property(pooling, ({ size, filterSize, strides, channels, pad }) => {
          const shape: Shape = [2, ...size, channels]
          const results = () =>
            [tf.maxPool<tf.Tensor4D>, tf.avgPool<tf.Tensor4D>].flatMap((pool) => {
              const x = tf.tensor4d(numbers(0, shape), shape)
              const loss = (a: tf.Tensor) =>
                tf.sum(tf.square(pool(tf.reshape<tf.Rank.R4>(a, shape), filterSize, strides, pad)))
              return [pool(x, filterSize, strides, pad), tf.grad(loss)(x)]
            })
          assertNear(on("wasm", results), on("cpu", results))
        }),
        { numRuns: 40 }
      )
    })
  )

  it.effect("has the gradient of picking rows", () =>
    Effect.gen(function* () {
      yield* engines
      const gradient = () => {
        const x = tf.tensor2d(numbers(0, [4, 3]), [4, 3])
        const rows = tf.tensor1d([3, 1, 3], "int32")
        return [tf.grad((a) => tf.sum(tf.square(tf.gather(a, rows))))(x)]
      }
      assertNear(on("wasm", gradient), on("cpu", gradient))
    })
  )

  it.effect("leaves errors that nobody caught to whoever handled them before", () =>
    Effect.gen(function* () {
      yield* engines
      for (const listener of [
        ...process.listeners("uncaughtException"),
        ...process.listeners("unhandledRejection")
      ])
        assert.notMatch(String(listener), /ExitStatus|throw reason/)
    })
  )

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      yield* engines
      useBackend("wasm")
      const before = tf.memory().numTensors
      on("wasm", () => [
        tf.grad((a) =>
          tf.sum(tf.conv2d(tf.reshape<tf.Rank.R4>(a, [1, 5, 5, 1]), tf.ones([2, 2, 1, 2]), 2, "same"))
        )(tf.ones([1, 5, 5, 1]))
      ])
      assert.strictEqual(tf.memory().numTensors, before)
    })
  )
})

type Shape = [number, number, number, number]
type Padding = [[number, number], [number, number], [number, number], [number, number]]
