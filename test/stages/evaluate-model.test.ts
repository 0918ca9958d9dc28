/** How `evaluate-model` is wired, and which params it takes. */
import { assert, describe, it } from "@effect/vitest"
import { Schema, SchemaIssue } from "effect"
import evaluateModel from "../../pipelines/evaluate-model.ts"
import type { Output } from "../../src/stage/index.ts"

const { params, presets, build } = evaluateModel
const quick = presets["quick"]
assert.isDefined(quick)

const checked = Schema.decodeUnknownSync(params)

/** What a schema complains about, each with its place. */
const problems = (value: unknown): ReadonlyArray<string> => {
  const result = Schema.decodeUnknownResult(params, { errors: "all", onExcessProperty: "error" })(value)
  if (result._tag === "Success") return []
  const { issues } = SchemaIssue.makeFormatterStandardSchemaV1()(result.failure.issue)
  return issues.map(({ path = [], message }) => `${path.join(".")}: ${message}`)
}

const stageOf = (output: Output<string> | undefined) => output?.node.stage.name

describe("evaluate-model", () => {
  it("has presets that its own schema accepts and that build", () => {
    for (const [name, preset] of Object.entries(presets)) {
      const nodes = build(checked(preset))
      assert.strictEqual(stageOf(nodes.model), name === "demo" ? "train" : "import-model")
      assert.strictEqual(stageOf(nodes.test), name === "demo" ? "load-synthetic-digits" : "load-mnist")
      assert.deepStrictEqual(Object.keys(nodes.sweeps), ["fgsm", "pgd"])
      assert.deepStrictEqual(nodes.controls, {})
      assert.strictEqual(nodes.hygiene.node.inputs["singleStep"], nodes.sweeps["fgsm"])
      assert.strictEqual(nodes.hygiene.node.inputs["iterative"], nodes.sweeps["pgd"])
      // With twice the steps, at the smallest radius and the middle one.
      const more = nodes.stronger["more-steps"]
      assert.isDefined(more)
      assert.deepStrictEqual(nodes.hygiene.node.inputs["stronger"], [more])
      assert.isTrue(JSON.stringify(more.node.params).includes(`"steps":${2 * preset.steps}`))
    }
  })

  it.each([
    [["fgsm"], ["pgd"]],
    [["pgd"], ["fgsm"]],
    [["bim", "mifgsm"], ["fgsm"]],
    [["mifgsm", "fgsm"], []]
  ] as const)("for the attacks %j measures %j as controls", (attacks, controls) => {
    const nodes = build(checked({ ...quick, attacks }))
    assert.deepStrictEqual(Object.keys(nodes.controls), [...controls])
  })

  it("has keys that do not know where the files lie, but for the import itself", () => {
    const nodes = build(checked({ ...quick, weights: "secret/w.safetensors", network: "secret/n.json" }))
    assert.deepStrictEqual(nodes.model.node.params, {
      weights: "secret/w.safetensors",
      network: { file: "secret/n.json" },
      layout: "pytorch",
      names: {}
    })
    const { model: _, ...others } = nodes
    const { sweeps, controls, stronger, ...single } = others
    const outputs: ReadonlyArray<Output<string>> = [
      ...Object.values(single),
      ...Object.values(sweeps),
      ...Object.values(controls),
      ...Object.values(stronger)
    ]
    assert.isAbove(outputs.length, 5)
    for (const { node } of outputs) assert.notInclude(JSON.stringify(node.params), "secret")
  })

  it("asks nothing but the file of an ONNX model, and does not call it by another network's name", () => {
    const nodes = build(checked({ ...quick, weights: "w.onnx" }))
    assert.deepStrictEqual(nodes.model.node.params, { weights: "w.onnx" })
    assert.propertyVal(nodes.clean.node.params, "title", "the model")
  })

  it.each([
    [{ network: "curse-cnn" }, /^network: Expected keras-cnn, .*in \.json, got curse-cnn$/],
    [{ epsilons: [0, 1.5] }, /^epsilons\.1: Expected a value between 0 and 1/],
    [{ epsilons: [-0.1] }, /^epsilons\.0: Expected a value between 0 and 1/],
    [{ epsilons: [0.2, 0.1] }, /^epsilons\.1: Expected more than 0\.2, the one before, got 0\.1$/],
    [{ epsilons: [] }, /^epsilons: Expected at least one epsilon$/],
    [{ attacks: [] }, /^attacks: /],
    [{ attacks: ["fgsm", "fgsm"] }, /^attacks\.1: fgsm is there already$/],
    [{ attacks: ["deepfool"] }, /^attacks\.0: Expected "fgsm"/],
    [{ relativeStep: 0 }, /^relativeStep: /],
    [{ steps: 0 }, /^steps: /],
    [{ restarts: 0 }, /^restarts: /],
    [{ norm: "l1" }, /^norm: /],
    [{ loss: "hinge" }, /^loss: /],
    [{ layout: "keras" }, /^layout: /],
    [{ names: { fc1: 3 } }, /^names\.fc1: /],
    [{ count: 10_001 }, /^count: MNIST has 10000 test images$/],
    [{ weights: null, network: "n.json" }, /^network: Expected a name where `weights` is null, got n\.json$/]
  ] as const)("refuses %j", (change, problem) => {
    const found = problems({ ...quick, ...change })
    assert.lengthOf(found, 1)
    assert.match(found[0] ?? "", problem)
  })
})
