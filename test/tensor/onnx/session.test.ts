/** Sessions are shared, given back once, and made again after a failure. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Scope } from "effect"
import type { StepTensors } from "../../../src/tensor/engine.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"

const inputs = { x: { dtype: "F32", shape: [2] } } as const

describe("sessions", () => {
  it.effect("tries again after a failure, while the failed program's scope is open", () =>
    Effect.gen(function* () {
      const engine = yield* onnxEngine({ threads: 1 })
      let calls = 0
      const step = ({ x }: StepTensors<"x">): StepTensors<"y"> => {
        calls++
        if (calls === 1) throw new Error("this once")
        return { y: tf.neg(x) }
      }
      const compile = engine.compile<typeof inputs, "y">({ name: "flaky", inputs, step })
      const failed = yield* Scope.make()
      assert.include((yield* Effect.flip(compile.pipe(Scope.provide(failed)))).reason, "this once")
      const program = yield* compile
      // The failed one must not take the good one along.
      yield* Scope.close(failed, Exit.void)
      yield* Effect.scoped(compile)
      assert.strictEqual(calls, 2)
      const out = yield* program.run({ x: { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } })
      assert.deepStrictEqual([...out.y.data], [-1, -2])
    }).pipe(Effect.scoped)
  )
})
