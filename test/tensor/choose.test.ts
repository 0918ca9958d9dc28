/** Which engine is taken, what is said about it, and when it is started. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { probeEngines, startEngine } from "../../src/tensor/choose.ts"
import { cpuEngine } from "../../src/tensor/direct/cpu.ts"
import { EngineUnavailable } from "../../src/tensor/engine-unavailable.ts"
import { lazyEngine } from "../../src/tensor/lazy-engine.ts"
import { startedEngine } from "../../src/tensor/started-engine.ts"

const step = {
  name: "half",
  inputs: { x: { dtype: "F32", shape: [] } },
  step: ({ x }: { readonly x: tf.Tensor }) => ({ y: tf.div(x, 2) })
} as const

describe("the choice of an engine", () => {
  it.effect("that is named takes that one", () =>
    Effect.gen(function* () {
      for (const name of ["cpu", "wasm", "onnx"] as const) {
        const { engine, because } = yield* startEngine(name, 1)
        assert.strictEqual(engine.info.name, name)
        assert.strictEqual(because, `engine ${name} (cpu, 1 thread), as asked`)
        assert.property(engine.info.versions, "@tensorflow/tfjs-core")
      }
    })
  )

  it.effect("that is automatic takes the first that works and says what was passed over", () =>
    Effect.gen(function* () {
      const { engine, because } = yield* startEngine("auto", 2)
      const works = (yield* probeEngines(1)).filter(({ state }) => state === "works").map(({ name }) => name)
      assert.include(works, engine.info.name)
      assert.notInclude(["webgpu", "wasm", "cpu"], engine.info.name)
      if (engine.info.name === "onnx") assert.match(because, /the first that works; tfjs-node-gpu: .+/)
    })
  )

  it.effect("lists every engine, with what is missing and how to get it", () =>
    Effect.gen(function* () {
      const reports = yield* probeEngines(1)
      assert.deepStrictEqual(
        reports.map(({ name }) => name),
        ["onnx", "tfjs-node-gpu", "webgpu", "wasm", "cpu"]
      )
      for (const report of reports) {
        if (report.state === "works") assert.strictEqual(report.info.name, report.name)
        else assert.isTrue(report.reason !== "" && report.hint !== "")
      }
    })
  )

  it.effect("is made once for the same engine and threads", () =>
    Effect.gen(function* () {
      const one = yield* startedEngine("onnx", 1)
      assert.strictEqual((yield* startedEngine("onnx", 1)).engine, one.engine)
      assert.notStrictEqual((yield* startedEngine("onnx", 2)).engine, one.engine)
    })
  )
})

describe("a lazy engine", () => {
  const counted = () => {
    const seen = { starts: 0, uses: 0 }
    const start = Effect.suspend(() => {
      seen.starts++
      return Effect.map(cpuEngine, (engine) => ({ engine, because: "test" }))
    })
    return { seen, start, onUse: () => void seen.uses++ }
  }
  /** Runs a test as if TensorFlow.js had not been loaded, as in a worker that has only seen other stages. */
  const withoutTensors = <A, E, R>(test: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const engine: unknown = Reflect.get(globalThis, "_tfengine")
        Reflect.deleteProperty(globalThis, "_tfengine")
        return engine
      }),
      () => test,
      (engine) => Effect.sync(() => Reflect.set(globalThis, "_tfengine", engine))
    )

  it.effect("is not started for code that has not loaded TensorFlow.js, until it compiles a program", () =>
    Effect.gen(function* () {
      const { seen, start, onUse } = counted()
      const engine = yield* withoutTensors(lazyEngine(start, onUse))
      assert.deepStrictEqual(seen, { starts: 0, uses: 0 })
      assert.throws(() => engine.info, "compile a program first")
      const program = yield* engine.compile(step)
      const { y } = yield* program.run({ x: { dtype: "F32", shape: [], data: Float32Array.of(3) } })
      assert.strictEqual(y.data[0], 1.5)
      assert.strictEqual(engine.info.name, "cpu")
      assert.strictEqual(seen.uses, 1)
    })
  )

  it.effect("is there at once for code that has, and is used when a program is compiled", () =>
    Effect.gen(function* () {
      const { seen, start, onUse } = counted()
      const engine = yield* lazyEngine(start, onUse)
      assert.strictEqual(engine.info.name, "cpu")
      assert.deepStrictEqual(seen, { starts: 1, uses: 0 })
      yield* engine.compile(step)
      yield* engine.compile(step)
      assert.strictEqual(seen.uses, 1)
    })
  )

  it.effect("that cannot be had fails with the reason and the cure", () =>
    Effect.gen(function* () {
      const gone = new EngineUnavailable({ engine: "webgpu", reason: "no adapter", hint: "buy one" })
      const engine = yield* withoutTensors(lazyEngine(Effect.fail(gone), () => {}))
      const failure = yield* Effect.flip(engine.compile(step))
      assert.strictEqual(failure.message, "engine webgpu: program `half`: no adapter")
      assert.strictEqual(failure.hint, "buy one")
    })
  )
})
