/** What engine `onnx` promises: state, names, sharing, memory, and the same bytes with any number of threads. */
import "@tensorflow/tfjs-backend-cpu"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Scope } from "effect"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import type { StepTensors } from "../../../src/tensor/engine.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import { cnn } from "./cnn.ts"

const pair = { dtype: "F32", shape: [2] } as const
const floats = (...values: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values)
})
const engineOf = (threads = 1) => onnxEngine({ threads })

const column = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [2 ** 24, 1])

describe("engine onnx", () => {
  it.effect("runs a step, gives its outputs and keeps its state", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      const program = yield* engine.compile({
        name: "count",
        inputs: { x: pair },
        state: { w: pair, steps: { dtype: "I32", shape: [] }, fixed: pair },
        step: ({ x, w, steps, fixed }) => ({
          w: tf.add(tf.add(w, x), fixed),
          steps: tf.add(steps, tf.scalar(1, "int32")),
          before: w,
          large: tf.greater(w, 2)
        })
      })
      assert.deepStrictEqual(program.outputs, { before: pair, large: { dtype: "U8", shape: [2] } })
      const steps: TensorData = { dtype: "I32", shape: [], data: Int32Array.of(0) }
      yield* program.load({ w: floats(0, 1), steps, fixed: floats(1, 1) })
      const first = yield* program.run({ x: floats(1, 2) })
      assert.deepStrictEqual(Object.keys(first).sort(), ["before", "large"])
      assert.deepStrictEqual(first.before, floats(0, 1))
      const second = yield* program.run({ x: floats(1, 2) })
      assert.deepStrictEqual(second.before, floats(2, 4))
      assert.deepStrictEqual(second.large, { dtype: "U8", shape: [2], data: Uint8Array.of(0, 1) })
      const state = yield* program.read
      assert.deepStrictEqual(state.w, floats(4, 7))
      assert.deepStrictEqual(state.steps, { dtype: "I32", shape: [], data: Int32Array.of(2) })
      // The step does not return it.
      assert.deepStrictEqual(state.fixed, floats(1, 1))
      yield* program.load({ w: floats(9, 9), steps, fixed: floats(0, 0) })
      assert.deepStrictEqual((yield* program.run({ x: floats(0, 0) })).before, floats(9, 9))
    })
  )

  it.effect("shares no array with its caller, even where a step returns what it was given", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      const program = yield* engine.compile({
        name: "swap",
        inputs: { x: pair },
        state: { a: pair, b: pair },
        step: ({ x, a, b }) => ({
          a: b,
          b: x,
          x,
          again: x,
          before: a,
          five: tf.fill([2], 5),
          sixes: tf.fill([2], 6)
        })
      })
      const [a, b, x] = [floats(1, 1), floats(2, 2), floats(3, 3)]
      yield* program.load({ a, b })
      a.data.fill(9)
      const out = yield* program.run({ x })
      x.data.fill(9)
      assert.deepStrictEqual(out.before, floats(1, 1))
      assert.deepStrictEqual(out.five, floats(5, 5))
      out.five.data.fill(9)
      out.x.data.fill(9)
      assert.deepStrictEqual(out.again, floats(3, 3))
      const state = yield* program.read
      state.b.data.fill(9)
      assert.deepStrictEqual((yield* program.read).a, floats(2, 2))
      assert.deepStrictEqual((yield* program.read).b, floats(3, 3))
      const later = yield* program.run({ x: floats(4, 4) })
      assert.deepStrictEqual(later.before, floats(2, 2))
      assert.deepStrictEqual(later.five, floats(5, 5))
      assert.deepStrictEqual(later.sixes, floats(6, 6))
    })
  )

  it.effect("gives one result under two names", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      const program = yield* engine.compile({
        name: "twice",
        inputs: { x: pair },
        state: { w: pair },
        step: ({ x, w }) => {
          const sum = tf.add(x, w)
          return { w: sum, sum, same: sum }
        }
      })
      yield* program.load({ w: floats(1, 2) })
      const out = yield* program.run({ x: floats(1, 1) })
      assert.deepStrictEqual(out, { sum: floats(2, 3), same: floats(2, 3) })
      assert.deepStrictEqual((yield* program.read).w, floats(2, 3))
    })
  )

  it.effect("names the tensor that does not fit", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      const program = yield* engine.compile({
        name: "sum",
        inputs: { x: pair, y: pair },
        state: { w: pair },
        step: ({ x, y, w }) => ({ z: tf.add(tf.add(x, y), w) })
      })
      const x = floats(1, 2)
      assert.include((yield* Effect.flip(program.run({ x, y: x }))).reason, "`w` was never loaded")
      assert.include((yield* Effect.flip(program.read)).reason, "`w` was never loaded")
      assert.include((yield* Effect.flip(program.load({ w: floats(1) }))).reason, "`w` is F32[1], not F32[2]")
      yield* program.load({ w: x })
      const ints: TensorData = { dtype: "I32", shape: [2], data: Int32Array.of(1, 2) }
      const short: TensorData = { ...x, data: Float32Array.of(1) }
      const more = { x, y: x, q: x }
      const fewer: { readonly [name in "x" | "y"]: TensorData } = Object.assign({ x }, JSON.parse("{}"))
      assert.include(
        (yield* Effect.flip(program.run({ x, y: floats(1, 2, 3) }))).reason,
        "`y` is F32[3], not F32[2]"
      )
      assert.include((yield* Effect.flip(program.run({ x, y: ints }))).reason, "`y` is I32[2], not F32[2]")
      assert.include(
        (yield* Effect.flip(program.run({ x, y: short }))).reason,
        "tensor `y` of shape [2] need 2"
      )
      assert.include((yield* Effect.flip(program.run(more))).reason, "there is no tensor `q`")
      const failure = yield* Effect.flip(program.run(fewer))
      assert.include(failure.message, "engine onnx: program `sum`: tensor `y` is missing")
      assert.isNotEmpty(failure.hint)
    })
  )

  it.effect("compiles a step once for programs that share it, each with a state of its own", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      let calls = 0
      const step = ({ x, w }: StepTensors<"x" | "w">) => {
        calls++
        return { w: tf.add(x, w) }
      }
      const options = { name: "shared", inputs: { x: pair }, state: { w: pair }, step } as const
      const outer = yield* Scope.make()
      const one = yield* engine.compile(options).pipe(Scope.provide(outer))
      const two = yield* engine.compile(options)
      assert.strictEqual(calls, 1)
      yield* one.load({ w: floats(1, 1) })
      yield* two.load({ w: floats(5, 5) })
      for (let turn = 0; turn < 3; turn++) {
        yield* one.run({ x: floats(1, 1) })
        yield* two.run({ x: floats(2, 2) })
      }
      assert.deepStrictEqual((yield* one.read).w, floats(4, 4))
      assert.deepStrictEqual((yield* two.read).w, floats(11, 11))
      yield* Scope.close(outer, Exit.void)
      assert.include((yield* Effect.flip(one.run({ x: floats(1, 1) }))).reason, "scope is closed")
      yield* two.run({ x: floats(1, 1) })
      assert.deepStrictEqual((yield* two.read).w, floats(12, 12))
      // Other shapes are another program.
      const triple = { dtype: "F32", shape: [3] } as const
      yield* engine.compile({ ...options, inputs: { x: triple }, state: { w: triple } })
      assert.strictEqual(calls, 2)
    })
  )

  it.effect("compiles again after the last program of a step is gone", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      let calls = 0
      const step = ({ x }: StepTensors<"x">) => {
        calls++
        return { y: tf.neg(x) }
      }
      const once = Effect.scoped(engine.compile({ name: "brief", inputs: { x: pair }, step }))
      yield* once
      yield* once
      assert.strictEqual(calls, 2)
    })
  )

  it.effect("holds the value that an outer tensor has when the step is compiled", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => tf.setBackend("cpu"))
      const outer = tf.tensor1d([10, 20])
      const engine = yield* engineOf()
      const program = yield* engine.compile({
        name: "outer",
        inputs: { x: pair },
        step: ({ x }) => ({ y: tf.mul(x, outer) })
      })
      outer.dispose()
      assert.deepStrictEqual((yield* program.run({ x: floats(1, 2) })).y, floats(10, 40))
    })
  )

  it.effect("says so when there is not enough memory", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      // A petabyte: more than a process has addresses for.
      const x = { dtype: "F32", shape: [2 ** 24, 1] } as const
      const huge = yield* engine.compile({
        name: "huge",
        inputs: { x },
        step: (given) => ({ sum: tf.sum(tf.matMul(column(given.x), column(given.x), false, true)) })
      })
      const failure = yield* Effect.flip(huge.run({ x: { ...x, data: new Float32Array(2 ** 24) } }))
      assert.strictEqual(failure.reason, "out of memory (failed to allocate 1125899906842624 bytes for Gemm)")
      assert.include(failure.hint, "smaller batches")
    }).pipe(Effect.scoped)
  )

  it.effect("takes no more memory after 10,000 runs than after some", () =>
    Effect.gen(function* () {
      const engine = yield* engineOf()
      const wide = { dtype: "F32", shape: [1000] } as const
      const program = yield* engine.compile({
        name: "small",
        inputs: { x: wide },
        state: { w: wide },
        step: ({ x, w }) => ({ w: tf.add(tf.mul(w, 0.9), x), y: tf.exp(x) })
      })
      const x: TensorData = { ...wide, data: new Float32Array(1000).fill(0.5) }
      yield* program.load({ w: x })
      const runs = Effect.fnUntraced(function* (count: number) {
        for (let run = 0; run < count; run++) yield* program.run({ x })
        return process.memoryUsage().rss
      })
      const before = yield* runs(4000)
      const after = yield* runs(10_000)
      // A leak of one output a run would be 40 MB.
      assert.isBelow(after, before * 1.05 + 8e6)
    })
  )

  it.effect("gives the same bytes with one thread and with two, over 20 steps of training", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* cnn.train(yield* engineOf(1), 20), yield* cnn.train(yield* engineOf(2), 20)]
      assert.isBelow(one.losses.at(-1) ?? 1, 0.8 * (one.losses[0] ?? 0))
      assert.deepStrictEqual(two.losses, one.losses)
      assert.deepStrictEqual(two.hash, one.hash)
    })
  )
})
