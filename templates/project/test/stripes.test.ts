import { Effect, runStage } from "advpipe"
import { expect, test } from "vitest"
import stripes from "../pipelines/stripes.ts"
import { makeStripes } from "../stages/make-stripes.ts"
import { summarise } from "../stages/summarise.ts"

const params = { count: 4, noise: 0, seed: 1 }

test("the summary counts both classes and measures their brightness", async () => {
  const { value: data } = await runStage(makeStripes, {}, params)
  const { value: table, metrics } = await runStage(summarise, { data }, {})
  expect(table.rows).toEqual([
    ["horizontal", 2, 0.5],
    ["vertical", 2, 0.5]
  ])
  expect(metrics).toEqual({ images: 4 })
})

test("the same seed draws the same noise, another one does not", async () => {
  const draw = async (seed: number) => {
    const { value } = await runStage(makeStripes, {}, { ...params, noise: 0.5, seed })
    return Effect.runPromise(value.rows(0, value.count))
  }
  expect(await draw(1)).toEqual(await draw(1))
  expect(await draw(1)).not.toEqual(await draw(2))
})

test("the pipeline connects the summary to the images, whatever the params", () => {
  const nodes = stripes.build(stripes.presets["noisy"] ?? params)
  expect(nodes.summary.node.inputs["data"]).toBe(nodes.data)
})
