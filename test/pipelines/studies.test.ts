import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { demo } from "../../pipelines/mnist-keras-cnn/presets.ts"
import mnistKerasCnn from "../../pipelines/mnist-keras-cnn.ts"
import { summaryRows } from "../../pipelines/studies/summary-rows.ts"
import studies from "../../pipelines/studies.ts"
import { changedNodes, identities } from "../stages/identities.ts"

const presets = Object.entries(studies.presets)

const SummaryParams = Schema.Struct({
  rows: Schema.Array(
    Schema.Struct({ corrected: Schema.Array(Schema.String), transfer: Schema.NullOr(Schema.String) })
  )
})

describe("studies", () => {
  it.each(presets)("%s is what the studies themselves have, and builds", (_, params) => {
    const decoded = Schema.decodeUnknownSync(studies.params)(params)
    const nodes = studies.build(decoded)
    assert.deepStrictEqual(Object.keys(nodes), [
      "mnist-keras-cnn",
      "cifar10-even-deeper",
      "mnist-advtrain",
      "mnist-no-pool-cnn",
      "mnist-mlp-regularised",
      "summary"
    ])
  })

  it.each(presets)("%s: every row of the summary is in a comparison", (_, params) => {
    const { summary: _summary, ...built } = studies.build(params)
    const published = new Map(
      Object.entries(built).map(([name, { comparison }]) => [name, JSON.stringify(comparison.node.params)])
    )
    for (const { study, what, epsilon } of summaryRows) {
      const text = published.get(study) ?? ""
      assert.include(text, `"what":${JSON.stringify(what)}`)
      assert.include(text, `[${epsilon},`)
    }
  })

  it.each(presets)("%s: beside every row stand all sweeps of the corrected model", (_, params) => {
    const { rows } = Schema.decodeUnknownSync(SummaryParams)(studies.build(params).summary.node.params)
    for (const [place, { study, model }] of summaryRows.entries()) {
      const { corrected = [] } = rows[place] ?? {}
      for (const attack of ["fgsm", "pgd", "noise"]) assert.include(corrected, `${study}/${model}-${attack}`)
      if (model === "pgd-on-the-fly") assert.include(corrected, `${study}/${model}-pgd-strong`)
    }
    assert.deepStrictEqual(
      rows.flatMap(({ transfer }) => transfer ?? []),
      ["mnist-advtrain/pgd-retrained-pgd-transfer"]
    )
  })

  it("computes nothing that a study alone would not, and what studies share once", () => {
    const { demo: params } = studies.presets
    assert.isDefined(params)
    const all = studies.build(Schema.decodeUnknownSync(studies.params)(params))
    assert.deepStrictEqual(changedNodes(all, mnistKerasCnn.build(demo)), [])
    const names = identities(all)
    assert.strictEqual(names.get("mnist-no-pool-cnn/test") === names.get("mnist-keras-cnn/test"), false)
    assert.isBelow(new Set(names.values()).size, names.size)
  })
})
