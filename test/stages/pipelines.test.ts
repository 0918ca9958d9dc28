import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import evenDeeper from "../../pipelines/cifar10-even-deeper.ts"
import datasetCard from "../../pipelines/dataset-card.ts"
import mnistAdvtrain from "../../pipelines/mnist-advtrain.ts"
import kerasCnn from "../../pipelines/mnist-keras-cnn.ts"
import mlp from "../../pipelines/mnist-mlp-regularised.ts"
import noPoolCnn from "../../pipelines/mnist-no-pool-cnn.ts"
import type { Output } from "../../src/stage/output.ts"
import type { Nodes, Pipeline } from "../../src/stage/pipeline.ts"
import { identities } from "./identities.ts"

/** What a user reads who overrides params. */
const problem = (schema: Schema.Codec<unknown, unknown>, params: unknown) => {
  const result = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(params)
  return result._tag === "Failure" ? result.failure.message : "none"
}

describe.each([datasetCard, mnistAdvtrain])("pipeline $name", ({ params, presets, build, defaultPreset }) => {
  it("has presets that its own schema accepts and that build", () => {
    assert.property(presets, defaultPreset)
    for (const preset of Object.values(presets)) {
      assert.strictEqual(problem(params, preset), "none")
    }
  })

  it("uses generated digits in its demo alone", () => {
    const demos = Object.entries(presets).filter(([, preset]) => preset.data === "synthetic-digits")
    assert.deepStrictEqual(
      demos.map(([name]) => name),
      ["demo"]
    )
    assert.isFunction(build)
  })

  it("names the param that is out of range", () => {
    const { demo, quick } = presets
    assert.match(problem(params, { ...demo, trainCount: 0 }), /trainCount/)
    assert.match(problem(params, { ...demo, data: "minst" }), /"mnist" \| "synthetic-digits"/)
    assert.match(problem(params, { ...quick, testCount: 10_001 }), /MNIST has 10000 test images/)
  })
})

/** A preset by name, checked as the plan checks it. */
const preset = <P>(pipeline: Pipeline<P, Nodes>, name: string): P =>
  Schema.decodeUnknownSync(pipeline.params)(pipeline.presets[name])

describe("nodes", () => {
  it("of the dataset card describe the training set it loads", () => {
    const nodes = datasetCard.build(preset(datasetCard, "demo"))
    assert.strictEqual(nodes.meanImages.node.inputs["data"], nodes.train)
    assert.deepStrictEqual(nodes.train.node.params, { split: "train", count: 2000, seed: 1 })
  })

  it("of mnist-advtrain are loaded once and split into two parts that differ in nothing else", () => {
    const { train, training, validation } = mnistAdvtrain.build(preset(mnistAdvtrain, "quick"))
    assert.strictEqual(training.node.inputs["data"], train)
    assert.deepStrictEqual(training.node.params, { part: "kept", heldOutShare: 0.1, seed: 2 })
    assert.deepStrictEqual(
      validation.map(({ node }) => [node.inputs["data"], node.params]),
      [[train, { part: "held-out", heldOutShare: 0.1, seed: 2 }]]
    )
  })
})

const isOutput = (value: object): value is Output<string> => "node" in value && "kind" in value

const outputsOf = (nodes: Nodes[string]): ReadonlyArray<Output<string>> =>
  isOutput(nodes) ? [nodes] : Object.values<Nodes[string]>(nodes).flatMap(outputsOf)

/** What some outputs are made of, whichever node makes it. */
const made = (outputs: ReadonlyArray<Output<string>>) =>
  new Set(identities(Object.fromEntries(outputs.entries())).values())

describe("each study's figures of trainings", () => {
  it.each([
    ["mnist-keras-cnn", outputsOf(kerasCnn.build(preset(kerasCnn, "quick")))],
    ["cifar10-even-deeper", outputsOf(evenDeeper.build(preset(evenDeeper, "quick")))],
    ["mnist-advtrain", outputsOf(mnistAdvtrain.build(preset(mnistAdvtrain, "quick")))],
    ["mnist-no-pool-cnn", outputsOf(noPoolCnn.build(preset(noPoolCnn, "quick")))],
    ["mnist-mlp-regularised", outputsOf(mlp.build(preset(mlp, "quick")))]
  ] as const)("show all trainings of %s, in five figures at most", (_, outputs) => {
    const figures = outputs.filter(({ node }) => node.stage.name === "draw-training")
    assert.isAtMost(figures.length, 5)
    const drawn = figures.flatMap(({ node }) => outputsOf(node.inputs["models"] ?? {}))
    assert.deepStrictEqual(made(drawn), made(outputs.filter(({ kind }) => kind === "Model")))
  })
})
