/** Draws a small data set and says what is in it. Every number that matters is a param, in one place. */
import { Pipeline, Schema } from "advpipe"
import { makeStripes } from "../stages/make-stripes.ts"
import { summarise } from "../stages/summarise.ts"

export default Pipeline.make("stripes", {
  description: "Striped images of two classes, and a table about them",
  params: Schema.Struct({ count: Schema.Int, noise: Schema.Finite, seed: Schema.Int }),
  presets: {
    demo: { count: 20, noise: 0.1, seed: 1 },
    noisy: { count: 200, noise: 0.5, seed: 1 }
  },
  defaultPreset: "demo",
  build: ({ count, noise, seed }) => {
    const data = makeStripes({}, { count, noise, seed })
    return { data, summary: summarise({ data }, {}) }
  }
})
