/** Stages that compute with tensors, as somebody outside this repository writes them. */
import { afterAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { TestProject } from "../../rig/project.ts"

// TensorFlow.js is not among the project's own packages: a stage gets this program's.
const fit = `import * as tf from "@tensorflow/tfjs-core"
import { Effect, Engine, Schema, Stage, Table } from "advpipe"

const table = (values: Iterable<number>) => ({
  title: "weights",
  columns: [{ name: "value", type: "number" as const }],
  rows: Array.from(values, (value) => [value])
})
const pair = { dtype: "F32", shape: [2] } as const
const floats = (...values: Array<number>) => ({ dtype: "F32", shape: [2], data: Float32Array.from(values) }) as const

export const start = Stage.make("start", {
  inputs: {},
  params: Schema.Struct({}),
  output: Table,
  *run() {
    return table([0, 0])
  }
})

/** One step of gradient descent on (w - x)². */
export const fit = Stage.make("fit", {
  inputs: { from: Table },
  params: Schema.Struct({ rate: Schema.Finite }),
  output: Table,
  *run({ from }, { rate }) {
    const engine = yield* Engine
    yield* Effect.log("device " + engine.info.device)
    const training = Effect.gen(function* () {
      const program = yield* engine.compile({
        name: "descent",
        inputs: { x: pair },
        state: { w: pair },
        step: ({ x, w }) => {
          const loss = (weights: tf.Tensor) => tf.sum(tf.square(tf.sub(weights, x)))
          return { w: tf.sub(w, tf.mul(tf.grad(loss)(w), rate)) }
        }
      })
      yield* program.load({ w: floats(...from.rows.map(([value]) => Number(value))) })
      yield* program.run({ x: floats(1, 2) })
      return (yield* program.read).w.data
    })
    return table(yield* Effect.scoped(training))
  }
})
`

const pipelineOf = (name: string, nodes: string) => `import { Pipeline, Schema } from "advpipe"
import { fit, start } from "../stages/fit.ts"

export default Pipeline.make("${name}", {
  description: "A test",
  params: Schema.Struct({ rate: Schema.Finite }),
  presets: { demo: { rate: 0.25 } },
  defaultPreset: "demo",
  build: ({ rate }) => {
    const begin = start({}, {})
    return { begin, ${nodes} }
  }
})
`

const project = new TestProject({
  "stages/fit.ts": fit,
  "pipelines/fit.ts": pipelineOf("fit", "fit: fit({ from: begin }, { rate })"),
  "pipelines/plain.ts": pipelineOf("plain", "")
})
afterAll(() => project.remove())

const cpu = { env: { PIPELINE_ENGINE: "cpu" } }

const actions = (): ReadonlyArray<{
  readonly stage: string
  readonly provenance: { readonly engine?: object }
}> => project.files("actions").map((path) => JSON.parse(project.read(path.slice(project.root.length + 1))))

describe("a stage that computes with tensors", () => {
  test("runs on the engine that was asked for, which its record and the run name, and is then cached", async () => {
    project.clear()
    const first = await cli(project, ["run", "fit"], cpu)
    expect(first.stderr).toContain("engine cpu (cpu, 1 thread), as asked")
    expect(first.stderr).toContain("device cpu")
    expect(first.stderr).not.toContain("Hi, looks like")
    expect(first.code).toBe(0)
    const provenance = Object.fromEntries(actions().map((record) => [record.stage, record.provenance.engine]))
    expect(provenance).toMatchObject({ fit: { name: "cpu", device: "cpu", threads: 1 } })
    expect(provenance["fit"]).toHaveProperty(["versions", "@tensorflow/tfjs-core"])
    expect(provenance["start"]).toBeUndefined()
    const shown = await cli(project, ["show", "last"])
    expect(shown.stdout).toMatch(/^engine +cpu \(cpu, 1 thread\), @tensorflow\/tfjs-core 4/m)

    await cli(project, ["artifacts", "export", "fit", "out"])
    expect(JSON.parse(project.read("out/table.json")).rows).toEqual([[0.5], [1]])

    const second = await cli(project, ["run", "fit", "--engine", "auto"])
    expect(second.stderr).toContain("2 cached")
    expect(second.stderr).not.toContain("engine")
  })

  test("runs anew on another engine only where the engine is to count", async () => {
    project.clear()
    await cli(project, ["run", "fit"], cpu)
    const strict = await cli(project, ["run", "fit", "--engine-strict"], cpu)
    expect(strict.stderr).toMatch(/run +fit +the engine counts/)
    expect(strict.stderr).toMatch(/cached +begin/)
    const again = await cli(project, ["plan", "fit", "--engine-strict"], cpu)
    expect(again.stdout).toContain("2 cached")
    const without = await cli(project, ["run", "fit"], cpu)
    expect(without.stderr).toContain("2 cached")
  })

  test("does not start, nor does any other, where the engine cannot be had", async () => {
    project.clear()
    const run = await cli(project, ["run", "fit", "--engine", "tfjs-node-gpu"])
    expect(run.code).toBe(1)
    expect(run.stderr).toContain("error: engine tfjs-node-gpu cannot be had here")
    expect(run.stderr).toMatch(/^hint: /m)
    expect(project.starts()).toEqual({})
  })

  test("is no concern of a pipeline without tensors, whatever engine is asked for", async () => {
    project.clear()
    const run = await cli(project, ["run", "plain", "--engine", "tfjs-node-gpu"])
    expect(run.code).toBe(0)
  })

  test.each([
    ["a flag", ["--engine", "onxn"], {}],
    ["PIPELINE_ENGINE", [], { PIPELINE_ENGINE: "onxn" }]
  ])("is told of a misspelt engine in %s", async (_, flags, env) => {
    const run = await cli(project, ["run", "fit", ...flags], { env })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain("there is no engine `onxn`")
    expect(run.stderr).toContain("hint: did you mean `onnx`?")
  })
})

describe("pipeline doctor", () => {
  test("names every engine, and what is missing for those that cannot be had", async () => {
    const run = await cli(project, ["doctor", "--json"])
    const checks: ReadonlyArray<{ readonly name: string; readonly state: string; readonly hint?: string }> =
      JSON.parse(run.stdout)
    const engines = checks.filter(({ name }) => name.startsWith("engine: "))
    expect(engines.map(({ name }) => name.slice(8))).toEqual([
      "onnx",
      "tfjs-node-gpu",
      "webgpu",
      "wasm",
      "cpu"
    ])
    expect(engines.find(({ name }) => name === "engine: cpu")?.state).toBe("works")
    for (const { state, hint } of engines) if (state !== "works") expect(hint).toBeTruthy()
    expect(run.code).toBe(0)
  })
})
