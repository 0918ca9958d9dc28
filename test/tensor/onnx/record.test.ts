/** What cannot be recorded, and how it says so. */
import "@tensorflow/tfjs-backend-cpu"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { AnyStep } from "../../../src/tensor/direct/step-call.ts"
import type { EngineFailure, Step } from "../../../src/tensor/engine.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import { record } from "../../../src/tensor/onnx/record.ts"

const pair = { dtype: "F32", shape: [2] } as const

const failing = Effect.fnUntraced(function* (step: Step<"x">) {
  const engine = yield* onnxEngine({ threads: 1 })
  const failure: EngineFailure = yield* Effect.flip(
    Effect.scoped(engine.compile({ name: "bad", inputs: { x: pair }, step }))
  )
  assert.strictEqual(failure.engine, "onnx")
  assert.strictEqual(failure.program, "bad")
  return failure
})

describe("recording a step", () => {
  it.effect("refuses to read a result, and names its operation", () =>
    Effect.gen(function* () {
      const failure = yield* failing(({ x }) => ({ y: tf.mul(x, tf.exp(x).dataSync()[0] ?? 0) }))
      assert.include(failure.reason, "reads the value of a tensor (a result of Exp, shape [2])")
      assert.include(failure.hint, "output")
    })
  )

  it.effect("refuses to read an input", () =>
    Effect.gen(function* () {
      const failure = yield* failing(({ x }) => ({ y: tf.tensor(x.arraySync()) }))
      assert.include(failure.reason, "reads the value of a tensor (an input, shape [2])")
    })
  )

  it.effect("names a kernel that is missing, and the engines that have it", () =>
    Effect.gen(function* () {
      const failure = yield* failing(({ x }) => ({ y: tf.complex(x, x) }))
      assert.include(failure.reason, "has no kernel `Complex`")
      assert.include(failure.hint, "--engine")
      assert.include(failure.hint, "cpu")
    })
  )

  it.effect("refuses types that it does not compute with", () =>
    Effect.gen(function* () {
      const failure = yield* failing(({ x }) => ({ x, y: tf.tensor(["a", "b"]) }))
      assert.include(failure.reason, "type string")
      assert.include(failure.hint, "float32, int32 or bool")
    })
  )

  it.effect("refuses state that changes its shape", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      const failure = yield* Effect.flip(
        Effect.scoped(
          engine.compile({
            name: "grows",
            inputs: {},
            state: { w: pair },
            step: ({ w }) => ({ w: tf.concat([w, w]) })
          })
        )
      )
      assert.include(failure.reason, "state `w` comes in as F32[2] and goes out as F32[4]")
    })
  )

  it("refuses what is no tensor, and a step that waits", () => {
    // The compiler lets them pass only where it is not told what they return.
    const number: AnyStep = () => JSON.parse('{"y": 5}')
    const later: AnyStep = () => Object.assign(Promise.resolve(), JSON.parse("{}"))
    assert.throws(() => record({ x: pair }, number), "`y` is no tensor")
    assert.throws(() => record({ x: pair }, later), "asynchronous")
  })

  it("takes a tensor from outside the step as a constant", async () => {
    await tf.setBackend("cpu")
    const outer = tf.tensor1d([3, 4])
    const graph = record({ x: pair }, ({ x = outer }) => ({ y: tf.add(x, outer) }))
    const [node] = graph.ordered()
    const source = node?.inputs[1]?.source
    assert.deepStrictEqual(source?._tag === "Constant" && source.data, Float32Array.of(3, 4))
    outer.dispose()
  })

  it("leaves the backend as it was, even after a failure", async () => {
    await tf.setBackend("cpu")
    assert.throws(() =>
      record({ x: pair }, ({ x = tf.scalar(0) }) => ({ y: tf.scalar(x.dataSync()[0] ?? 0) }))
    )
    assert.strictEqual(tf.getBackend(), "cpu")
    assert.strictEqual(tf.add(1, 2).dataSync()[0], 3)
  })

  it("gives one node to a computation that is written twice", () => {
    const graph = record({ x: pair }, ({ x = tf.scalar(0) }) => ({ a: tf.exp(x), b: tf.neg(tf.exp(x)) }))
    assert.deepStrictEqual(
      graph.ordered().map(({ op }) => op),
      ["Exp", "Neg"]
    )
  })
})
