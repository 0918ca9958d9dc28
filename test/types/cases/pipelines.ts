/** Pipelines that must not compile. */
import { Schema } from "effect"
import { Pipeline } from "../../../src/stage/index.ts"
import { load, train } from "./vocabulary.ts"

const params = Schema.Struct({ epochs: Schema.Int, learningRate: Schema.Finite })
const build = (values: typeof params.Type) => {
  const data = load({}, { split: "train" })
  return { data, model: train({ data }, values) }
}
const common = { description: "none", params, build }
const demo = { epochs: 1, learningRate: 0.1 }

// A preset lacks a param.
export const lacks = Pipeline.make("lacks", {
  ...common,
  // error: Property 'learningRate' is missing
  presets: { demo: { epochs: 1 } },
  defaultPreset: "demo"
})

// A preset misspells a param.
export const misspells = Pipeline.make("misspells", {
  ...common,
  // error: Did you mean to write 'learningRate'?
  presets: { demo: { epochs: 1, learningrate: 0.1 } },
  defaultPreset: "demo"
})

// A preset has one param too many.
export const excess = Pipeline.make("excess", {
  ...common,
  // error: 'seed' does not exist in type
  presets: { demo: { ...demo, seed: 1 } },
  defaultPreset: "demo"
})

// The default preset does not exist.
// error: Type '"paper"' is not assignable to type '"demo"'
export const noDefault = Pipeline.make("no-default", { ...common, presets: { demo }, defaultPreset: "paper" })

// It reads a param that it does not have.
export const reads = Pipeline.make("reads", {
  ...common,
  presets: { demo },
  defaultPreset: "demo",
  // error: Property 'seed' does not exist on type
  build: ({ seed }) => build({ epochs: seed, learningRate: 0.1 })
})

// It returns something that is no node.
export const returns = Pipeline.make("returns", {
  ...common,
  presets: { demo },
  defaultPreset: "demo",
  // error: Type 'number' is not assignable to type
  build: ({ epochs }) => ({ epochs })
})
