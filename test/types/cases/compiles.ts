/** What must compile: no error is expected anywhere in this file. */
import { Schema } from "effect"
import { type Output, Pipeline } from "../../../src/stage/index.ts"
import { compare, evaluate, load, rank, train } from "./vocabulary.ts"

const params = Schema.Struct({ epochs: Schema.Int, rates: Schema.Array(Schema.Finite) })

/** A grid is a `map`; lists and records of outputs wire as they are, and are nodes as they are. */
export const grid = Pipeline.make("grid", {
  description: "every rate under every epsilon",
  params,
  presets: { demo: { epochs: 1, rates: [0.1] }, paper: { epochs: 10, rates: [0.1, 0.01] } },
  defaultPreset: "paper",
  build: ({ epochs, rates }) => {
    const data = load({}, { split: "train" })
    const models = rates.map((learningRate) => train({ data }, { epochs, learningRate }))
    const results = models.flatMap((model) =>
      [0.1, 0.2].map((epsilon) => evaluate({ model, data }, { epsilon }))
    )
    const [first = train({ data }, { epochs, learningRate: 1 })] = models
    const named: { readonly [name: string]: Output<"Model"> } = { first, last: models.at(-1) ?? first }
    return {
      data,
      models,
      results,
      table: compare({ results }, {}),
      ranking: rank({ models: named }, {}),
      named
    }
  }
})

/** A pipeline within another: its nodes are outputs to go on from, and a group of nodes. */
export const outer = Pipeline.make("outer", {
  description: "one more evaluation",
  params: Schema.Struct({ epochs: Schema.Int }),
  presets: { demo: { epochs: 1 } },
  defaultPreset: "demo",
  build: ({ epochs }) => {
    const inner = grid.build({ epochs, rates: [0.1] })
    const again = inner.models.map((model) => evaluate({ model, data: inner.data }, { epsilon: 0.3 }))
    return { inner, again, empty: compare({ results: [] }, {}) }
  }
})
