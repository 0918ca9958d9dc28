/** A pipeline of short stages: a run takes a second or two, publishes often, and keeps checkpoints. */

const stages = `import { Checkpoint, Dataset, Effect, Schema, Stage, Table } from "advpipe"

const table = (value: number) => ({ title: "t", columns: [{ name: "n", type: "number" as const }], rows: [[value]] })

/** A dataset of 50 kB, made in forty milliseconds. */
export const draw = Stage.make("draw", {
  inputs: {},
  params: Schema.Struct({ seed: Schema.Int }),
  output: Dataset,
  *run(_, { seed }) {
    yield* Effect.sleep(40)
    const count = 400
    return Dataset.fromArrays({
      info: { name: "drawn " + seed, shape: [11, 11, 1], classes: ["a", "b"], notes: {} },
      images: Uint8Array.from({ length: count * 121 }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24),
      labels: Int32Array.from({ length: count }, (_, i) => (i + seed) % 2)
    })
  }
})

/** The parts in another order, without a copy of them. */
export const shuffle = Stage.make("shuffle", {
  inputs: { parts: Stage.list(Dataset) },
  params: Schema.Struct({}),
  output: Dataset,
  *run({ parts }) {
    const count = parts.reduce((sum, part) => sum + part.count, 0)
    const order = Int32Array.from({ length: count }, (_, i) => (i * 7) % count)
    return yield* Dataset.combine(parts, { info: { ...parts[0]!.info, name: "shuffled" }, order })
  }
})

/** Sixty steps of twelve milliseconds, each of which needs all those before it; a checkpoint after every fifth. */
export const steps = Stage.make("steps", {
  inputs: { of: Dataset },
  params: Schema.Struct({ seed: Schema.Int }),
  output: Table,
  *run({ of }, { seed }) {
    const saved = yield* Checkpoint.latest()
    const { images } = yield* of.rows(0, of.count)
    const value = Float64Array.of(saved === undefined ? seed : Number(saved.tensors.get("value")?.data[0]))
    for (let step = saved?.position ?? 0; step < 60; step++) {
      yield* Effect.sleep(12)
      value[0] = Math.sin(value[0]! * 1000 + step + images[step]!)
      if ((step + 1) % 5 === 0)
        yield* Checkpoint.write({
          position: step + 1,
          progress: null,
          tensors: new Map([["value", { dtype: "F64", shape: [1], data: value }]])
        })
    }
    return table(value[0]!)
  }
})

export const mean = Stage.make("mean", {
  inputs: { of: Dataset },
  params: Schema.Struct({}),
  output: Table,
  *run({ of }) {
    const { images } = yield* of.rows(0, of.count)
    yield* Effect.sleep(15)
    return table(images.reduce((sum, pixel, i) => sum + pixel * i, 0))
  }
})

export const total = Stage.make("total", {
  inputs: { terms: Stage.list(Table) },
  params: Schema.Struct({}),
  output: Table,
  *run({ terms }) {
    return table(terms.reduce((sum, term) => sum + Number(term.rows[0]?.[0]), 0))
  }
})
`

const pipeline = `import { Pipeline, Schema } from "advpipe"
import { draw, mean, shuffle, steps, total } from "../stages/small.ts"

export default Pipeline.make("small", {
  description: "short stages",
  params: Schema.Struct({ parts: Schema.Int }),
  presets: { whole: { parts: 3 }, less: { parts: 2 } },
  defaultPreset: "whole",
  build: ({ parts }) => {
    const drawn = Array.from({ length: parts }, (_, seed) => draw({}, { seed }))
    const mixed = shuffle({ parts: drawn }, {})
    const counted = drawn.map((of, seed) => steps({ of }, { seed }))
    const means = [...drawn, mixed].map((of) => mean({ of }, {}))
    return { drawn, mixed, counted, means, total: total({ terms: [...counted, ...means] }, {}) }
  }
})
`

export const smallProject = { "stages/small.ts": stages, "pipelines/small.ts": pipeline }
