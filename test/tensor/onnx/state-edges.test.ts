/** State under unusual names and in unusual arrays. */
import "@tensorflow/tfjs-backend-cpu"
import { assert, describe, it, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"

const pair = { dtype: "F32", shape: [2] } as const
const floats = (...values: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values)
})

describe("a program of engine onnx", () => {
  it.effect("keeps outputs apart from what its kernels need, whatever they are called", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const program = yield* engine.compile({
        name: "names",
        inputs: { x: pair },
        state: { w: pair },
        step: ({ x, w }) => ({
          w: tf.add(w, tf.abs(tf.floor(x))),
          "update.0": tf.exp(x),
          "(nothing)": tf.floor(x)
        })
      })
      yield* program.load({ w: floats(1, 2) })
      const out = yield* program.run({ x: floats(0, 3) })
      assert.closeTo(out["update.0"].data[1] ?? 0, Math.exp(3), 1e-4)
      assert.deepStrictEqual(out["(nothing)"], floats(0, 3))
      assert.deepStrictEqual((yield* program.read).w, floats(1, 5))
    })
  )

  it.effect("copies flags that come in a Buffer, whose slices are not copies", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const flags = { dtype: "U8", shape: [2] } as const
      const program = yield* engine.compile({
        name: "flags",
        inputs: {},
        state: { on: flags },
        step: ({ on }) => ({ on: tf.logicalNot(on) })
      })
      const given = Buffer.alloc(2)
      yield* program.load({ on: { ...flags, data: given } })
      given.fill(1)
      yield* program.run({})
      assert.deepStrictEqual((yield* program.read).on.data, Uint8Array.of(1, 1))
      assert.deepStrictEqual([...given], [1, 1])
    })
  )

  it.effect("refuses runs that overlap, which would share one state, and goes on after them", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const program = yield* engine.compile({
        name: "overlap",
        inputs: { x: pair },
        // One that a kernel updates, and one that ONNX Runtime does.
        state: { w: pair, v: pair },
        step: ({ x, w, v }) => ({ w: tf.add(w, x), v: tf.exp(tf.add(v, x)) })
      })
      yield* program.load({ w: floats(1, 1), v: floats(0, 0) })
      const run = Effect.result(program.run({ x: floats(1, 1) }))
      const [first, second, reloaded] = yield* Effect.all(
        [run, run, Effect.result(program.load({ w: floats(5, 5), v: floats(5, 5) }))],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(first._tag, "Success")
      for (const each of [second, reloaded])
        assert.include(each._tag === "Failure" ? each.failure.reason : "", "another run of it has not ended")
      yield* run
      assert.deepStrictEqual((yield* program.read).w, floats(3, 3))
    })
  )

  it.effect("fails where there is no memory for its kernels", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const memory = vi.spyOn(WebAssembly, "Memory").mockImplementation(function none(): never {
        throw new RangeError("WebAssembly.Memory(): could not allocate memory")
      })
      const compile = engine.compile({
        name: "large",
        inputs: {},
        state: { w: pair },
        step: ({ w }) => ({ w: tf.add(w, 1) })
      })
      const failure = yield* Effect.flip(compile).pipe(
        Effect.ensuring(Effect.sync(() => memory.mockRestore()))
      )
      assert.include(failure.reason, "out of memory")
    })
  )

  it.effect("adds a bias to a product of integers", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const i32 = <const Shape extends ReadonlyArray<number>>(shape: Shape) =>
        ({ dtype: "I32", shape }) as const
      const program = yield* engine.compile({
        name: "integers",
        inputs: { a: i32([1, 2]), w: i32([2, 2]), b: i32([2]) },
        step: ({ a, w, b }) => ({ y: tf.add(tf.matMul(tf.reshape(a, [1, 2]), tf.reshape(w, [2, 2])), b) })
      })
      const { y } = yield* program.run({
        a: { ...i32([1, 2]), data: Int32Array.of(2, 3) },
        w: { ...i32([2, 2]), data: Int32Array.of(1, 0, 0, 1) },
        b: { ...i32([2]), data: Int32Array.of(10, 20) }
      })
      assert.deepStrictEqual([...y.data], [12, 23])
    })
  )

  it.effect("tells tiny numbers and no numbers from zero as TensorFlow.js does", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const program = yield* engine.compile({
        name: "step",
        inputs: { x: { dtype: "F32", shape: [4] } },
        step: ({ x }) => ({ above: tf.cast(tf.greater(x, 0), "float32") })
      })
      const { above } = yield* program.run({ x: floats(1e-40, Number.NaN, -1e-40, 0) })
      assert.deepStrictEqual([...above.data], [1, 0, 0, 0])
    })
  )
})
