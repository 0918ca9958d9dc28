/** What every engine that calls steps promises, on each backend that there is. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Scope } from "effect"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { tfjsNodeEngine } from "../../../src/tensor/direct/tfjs-node.ts"
import { wasmEngine } from "../../../src/tensor/direct/wasm.ts"
import type { EngineShape, TensorSpec } from "../../../src/tensor/engine.ts"
import type { EngineUnavailable } from "../../../src/tensor/engine-unavailable.ts"

const pair: TensorSpec = { dtype: "F32", shape: [2] }
const floats = (...values: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape: [values.length],
  data: Float32Array.from(values)
})

/** Gradient descent on (w - x)², with the number of steps as a second piece of state. */
const descent = {
  name: "descent",
  inputs: { x: pair },
  state: { w: pair, steps: { dtype: "I32", shape: [] } },
  step: ({ x, w, steps }: { readonly [name in "x" | "w" | "steps"]: tf.Tensor }) => {
    const loss = (weights: tf.Tensor) => tf.sum(tf.square(tf.sub(weights, x)))
    const slope = tf.grad(loss)(w)
    return {
      w: tf.sub(w, tf.mul(slope, 0.25)),
      steps: tf.add(steps, tf.scalar(1, "int32")),
      loss: loss(w),
      near: tf.less(tf.abs(tf.sub(w, x)), 1)
    }
  }
} as const
const beginning = { w: floats(0, 0), steps: { dtype: "I32", shape: [], data: Int32Array.of(0) } } as const

const engines: ReadonlyArray<readonly [name: string, start: Effect.Effect<EngineShape, EngineUnavailable>]> =
  [
    ["cpu", cpuEngine],
    ["wasm", wasmEngine],
    // It is there where scripts/build-tfjs-node.mjs was run.
    ...(process.env["PIPELINE_TFJS_NODE"] === undefined
      ? []
      : ([["tfjs-node-gpu", tfjsNodeEngine(1)]] as const))
  ]

describe.each(engines)("engine %s", (name, start) => {
  it.effect("runs a step, gives its outputs and keeps its state", () =>
    Effect.gen(function* () {
      const engine = yield* start
      const program = yield* engine.compile(descent)
      assert.deepStrictEqual(program.outputs, {
        loss: { dtype: "F32", shape: [] },
        near: { dtype: "U8", shape: [2] }
      })
      yield* program.load(beginning)
      const first = yield* program.run({ x: floats(1, 4) })
      assert.deepStrictEqual(Object.keys(first), ["loss", "near"])
      assert.deepStrictEqual([...first.loss.data], [17])
      const second = yield* program.run({ x: floats(1, 4) })
      assert.deepStrictEqual(second.near, { dtype: "U8", shape: [2], data: Uint8Array.of(1, 0) })
      const state = yield* program.read
      assert.deepStrictEqual(state.w.data, Float32Array.of(0.75, 3))
      assert.deepStrictEqual(state.steps, { dtype: "I32", shape: [], data: Int32Array.of(2) })
    })
  )

  it.effect("shares no array with its caller, even where a step returns what it was given", () =>
    Effect.gen(function* () {
      const engine = yield* start
      const program = yield* engine.compile({
        name: "swap",
        inputs: { x: pair },
        state: { a: pair, b: pair },
        step: ({ x, a, b }) => ({ a: b, b: x, x, again: x, before: a })
      })
      const [a, b, x] = [floats(1, 1), floats(2, 2), floats(3, 3)]
      yield* program.load({ a, b })
      a.data.fill(9)
      const out = yield* program.run({ x })
      x.data.fill(9)
      assert.deepStrictEqual(out.before.data, Float32Array.of(1, 1))
      out.x.data.fill(9)
      assert.deepStrictEqual(out.again.data, Float32Array.of(3, 3))
      const state = yield* program.read
      state.b.data.fill(9)
      assert.deepStrictEqual((yield* program.read).b.data, Float32Array.of(3, 3))
      assert.deepStrictEqual((yield* program.read).a.data, Float32Array.of(2, 2))
    })
  )

  it.effect(
    "holds no more tensors after thousands of runs than after one, and none when its scope is closed",
    () =>
      Effect.gen(function* () {
        const engine = yield* start
        const runs = name === "cpu" ? 10_000 : 1_000
        const before = tf.memory().numTensors
        const scope = yield* Scope.make()
        const program = yield* engine.compile(descent).pipe(Scope.provide(scope))
        yield* program.load(beginning)
        const x = floats(1, 4)
        yield* program.run({ x })
        const { numTensors, numBytes } = tf.memory()
        for (let run = 1; run < runs; run++) yield* program.run({ x })
        assert.strictEqual(tf.memory().numTensors, numTensors)
        assert.strictEqual(tf.memory().numBytes, numBytes)
        assert.deepStrictEqual((yield* program.read).steps.data, Int32Array.of(runs))
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(tf.memory().numTensors, before)
        assert.include((yield* Effect.flip(program.run({ x }))).message, "its scope is closed")
      })
  )

  it.effect("compiles a step for a signature once", () =>
    Effect.gen(function* () {
      const engine = yield* start
      let calls = 0
      const step = ({ x }: { readonly x: tf.Tensor }) => {
        calls++
        return { y: tf.neg(x) }
      }
      yield* engine.compile({ name: "negate", inputs: { x: pair }, step })
      yield* engine.compile({ name: "negate again", inputs: { x: pair }, step })
      assert.strictEqual(calls, 1)
      const wide = yield* engine.compile({ name: "wide", inputs: { x: { dtype: "F32", shape: [3] } }, step })
      assert.strictEqual(calls, 2)
      assert.deepStrictEqual(wide.outputs.y.shape, [3])
    })
  )

  it.effect("computes on its own backend, whichever one was used last", () =>
    Effect.gen(function* () {
      const engine = yield* start
      const program = yield* engine.compile({
        name: "double",
        inputs: { x: pair },
        step: ({ x }) => ({ y: tf.add(x, x) })
      })
      tf.registerBackend("elsewhere", () => Object.assign(new tf.KernelBackend(), { dispose: () => {} }))
      yield* Effect.promise(() => tf.setBackend("elsewhere"))
      const { y } = yield* program.run({ x: floats(1, 2) })
      assert.deepStrictEqual(y.data, Float32Array.of(2, 4))
      tf.removeBackend("elsewhere")
    })
  )

  const identity = {
    name: "same",
    inputs: { x: pair },
    state: { s: pair },
    step: ({ s }: { readonly s: tf.Tensor }) => ({ y: s })
  }
  const mistakes: ReadonlyArray<readonly [string, () => { readonly [name: string]: tf.Tensor }, string]> = [
    ["a value is read", () => ({ y: tf.scalar(tf.ones([2]).dataSync()[0] ?? 0) }), "reads a value"],
    [
      "the state changes its shape",
      () => ({ s: tf.ones([3]) }),
      "state `s` comes in as F32[2] and goes out as F32[3]"
    ],
    [
      "TensorFlow.js refuses",
      () => ({
        y: tf.conv2d(tf.ones<tf.Rank.R4>([1, 4, 4, 2]), tf.ones<tf.Rank.R4>([2, 2, 3, 1]), 1, "same")
      }),
      "depth of input"
    ],
    ["an output is of no known type", () => ({ y: tf.tensor1d(["a"]) }), "output `y` is of type string"]
  ]

  it.effect.each(mistakes)("fails when compiled, with the program's name, where %s", ([, step, message]) =>
    Effect.gen(function* () {
      const engine = yield* start
      const before = tf.memory().numTensors
      const failure = yield* Effect.flip(engine.compile({ ...identity, step }))
      assert.strictEqual(failure._tag, "EngineFailure")
      assert.include(failure.message, `engine ${name}: program \`same\`:`)
      assert.include(failure.message, message)
      assert.isNotEmpty(failure.hint)
      assert.strictEqual(tf.memory().numTensors, before)
    })
  )

  it.effect("refuses tensors that do not fit, and a run before its state is loaded", () =>
    Effect.gen(function* () {
      const engine = yield* start
      const program = yield* engine.compile(identity)
      const messageOf = <A, E extends Error, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.map(Effect.flip(effect), ({ message }) => message)
      assert.include(yield* messageOf(program.run({ x: floats(1, 2) })), "its state `s` was never loaded")
      assert.include(yield* messageOf(program.load({ s: floats(1) })), "tensor `s` is F32[1], not F32[2]")
      yield* program.load({ s: floats(1, 2) })
      const short: TensorData = { dtype: "F32", shape: [2], data: Float32Array.of(1) }
      assert.include(yield* messageOf(program.run({ x: short })), "need 2 elements and have 1")
      const whole: TensorData = { dtype: "I32", shape: [2], data: Int32Array.of(1, 2) }
      assert.include(yield* messageOf(program.run({ x: whole })), "tensor `x` is I32[2], not F32[2]")
    })
  )

  it.effect("says plainly that memory ran out", () =>
    Effect.gen(function* () {
      const engine = yield* start
      const failure = yield* Effect.flip(
        engine.compile({
          name: "huge",
          inputs: { x: pair },
          step: () => ({ y: tf.zeros([2 ** 17, 2 ** 17]) })
        })
      )
      assert.include(failure.reason, "out of memory")
      assert.include(failure.hint, "smaller batches")
    })
  )
})
