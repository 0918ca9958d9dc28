/** A slow stage that checkpoints, for projects in a test. It logs each step that it takes. */
import { join } from "node:path"
import { repository } from "./project.ts"

export const rest = 13

const source = (path: string) => JSON.stringify(join(repository, "src", path))

const fromSource = `import { Effect, Schema } from "effect"
import { Table } from ${source("artifact/index.ts")}
import { Checkpoint, Pipeline, Stage } from ${source("stage/index.ts")}`

/** As a project of its own imports the same. */
export const fromPackage = 'import { Checkpoint, Effect, Pipeline, Schema, Stage, Table } from "advpipe"'

/**
 * Takes `steps` steps; each changes a number by all that came before. A checkpoint comes after every fifth. When it has begun
 * anew it rests after step {@link rest}, which is when it is killed.
 *
 * @param extra goes into its definition
 * @param vocabulary where it imports from
 */
export const countingStage = (
  extra = 'checkpoint: { continues: ["steps"] },',
  vocabulary = fromSource
) => `${vocabulary}

export const counting = Stage.make("counting", {
  inputs: {}, params: Schema.Struct({ steps: Schema.Int, seed: Schema.Finite }), output: Table, ${extra}
  *run(_, { steps, seed }) {
    const saved = yield* Checkpoint.latest((progress) => Schema.is(Schema.Struct({ step: Schema.Int }))(progress) && progress.step <= steps)
    const value = Float64Array.of(saved === undefined ? seed : Number(saved.tensors.get("value")?.data[0]))
    for (let step = saved?.position ?? 0; step < steps; step++) {
      value[0] = Math.sin(value[0] * 1000 + step)
      yield* Effect.logInfo("step " + (step + 1))
      if (step + 1 === ${rest} && saved === undefined) yield* Effect.sleep(1500)
      if ((step + 1) % 5 === 0)
        yield* Checkpoint.write({
          position: step + 1,
          progress: { step: step + 1 },
          tensors: new Map([["value", { dtype: "F64", shape: [1], data: value }]])
        })
    }
    return { title: "t", columns: [{ name: "n", type: "number" }], rows: [[value[0]]] }
  }
})
`

/** A pipeline of that one stage, as node \`count\`. */
export const countingPipeline = (name: string, vocabulary = fromSource) => `${vocabulary}
import { counting } from "../stages/counting.ts"

export default Pipeline.make("${name}", {
  description: "counts slowly",
  params: Schema.Struct({ steps: Schema.Int, seed: Schema.Finite }),
  presets: { demo: { steps: 23, seed: 1 } },
  defaultPreset: "demo",
  build: (params) => ({ count: counting({}, params) })
})
`
