import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Params } from "../../pipelines/mnist-mlp-regularised/params.ts"
import { demo, paper, quick } from "../../pipelines/mnist-mlp-regularised/presets.ts"
import { cellName, published, publishedConfidence } from "../../pipelines/mnist-mlp-regularised/published.ts"
import { sizeText, work } from "../../pipelines/mnist-mlp-regularised/size.ts"
import mnistMlpRegularised from "../../pipelines/mnist-mlp-regularised.ts"
import { coreHours } from "../../pipelines/shared/size.ts"
import { knownNetworks, makeNetwork, summarise } from "../../src/tensor/network/index.ts"
import { train } from "../../stages/train.ts"
import { changedNodes } from "../stages/identities.ts"

const { build } = mnistMlpRegularised
const changed = (params: Params) => changedNodes(build(quick), build(params))

/** What a training's node asks for. */
const paramsOf = (params: unknown) => Schema.decodeUnknownSync(train.meta.params)(params)

describe("mnist-mlp-regularised", () => {
  it.effect("has the study's network, of 496,250 weights without biases", () =>
    Effect.gen(function* () {
      const model = build(quick).faithful.bySeed["seed-1"]?.models[cellName(0, 0)]
      const text = JSON.stringify(paramsOf(model?.node.params))
      assert.include(text, '"rate":0.2')
      assert.include(text, '"rate":0.5')
      const made = yield* makeNetwork(knownNetworks["mlp-625-dropout"])
      assert.strictEqual(summarise(made).trainable, 496_250)
      assert.include(text, JSON.stringify(knownNetworks["mlp-625-dropout"].layers.slice(1)).slice(1, -1))
    })
  )

  it("trains nine cells with each of five seeds, by RMSProp as the cited program does", () => {
    const { faithful } = build(quick)
    assert.deepStrictEqual(Object.keys(faithful.bySeed), ["seed-1", "seed-2", "seed-3", "seed-4", "seed-5"])
    const models = Object.values(faithful.bySeed).flatMap(({ models }) => Object.values(models))
    assert.strictEqual(new Set(models).size, 45)
    const { node } = faithful.bySeed["seed-3"]?.models[cellName(1e-4, 1e-5)] ?? build(quick).train
    assert.deepInclude(JSON.parse(JSON.stringify(node.params)).options, {
      l1: 1e-4,
      l2: 1e-5,
      seed: 3,
      optimiser: { type: "rmsprop", rho: 0.9, epsilon: 1e-6, epsilonPlace: "inside", weightDecay: 0 }
    })
  })

  it("does not cut images in the faithful column, and gives means over all seeds", () => {
    const { faithful } = build(quick)
    const sweep = faithful.bySeed["seed-1"]?.sweeps[cellName(0, 0)]
    assert.deepInclude(sweep?.node.params, { attack: { loss: "cross-entropy", clamp: null } })
    const pooled = faithful.sweeps[cellName(0, 0)]?.node.inputs["sweeps"] ?? {}
    assert.deepStrictEqual(Object.keys(pooled), ["seed-1", "seed-2", "seed-3", "seed-4", "seed-5"])
  })

  it("compares every published cell, both tables, with accuracy and confidence", () => {
    const { comparison, confidence } = build(quick)
    assert.strictEqual(published([]).length, 11)
    assert.strictEqual(publishedConfidence.length, 11)
    for (const { node } of [comparison, confidence])
      assert.strictEqual(JSON.stringify(node.params).split('"what"').length - 1, 11)
    // A smaller grid lacks cells, and says nothing of them.
    assert.strictEqual(JSON.stringify(build(demo).comparison.node.params).split('"what"').length - 1, 6)
  })

  it("has each factor for itself in the corrected column, adversarial training among them", () => {
    const { corrected } = build(quick)
    const names = Object.keys(corrected.models["seed-1"] ?? {})
    assert.deepStrictEqual(names, [
      "no-dropout",
      "l1-0-l2-0",
      "l1-0.0001-l2-0",
      "l1-0-l2-0.0001",
      "l1-0.0001-l2-0.0001",
      "fgsm-trained",
      "fgsm-trained-regularised",
      "pgd-trained"
    ])
    assert.deepStrictEqual(Object.keys(corrected.hygiene), names)
  })

  it("trains a cell once, though both columns have it", () => {
    const { faithful, corrected } = build(quick)
    const nodes = { faithful: faithful.bySeed, corrected: corrected.models }
    const grid = changedNodes({ faithful: nodes.faithful }, { corrected: nodes.corrected })
    assert.strictEqual(grid.length, 4 * 5)
    assert.isTrue(grid.every((name) => /no-dropout|trained/.test(name)))
  })

  it("hits what depends on a change, and nothing else", () => {
    assert.deepStrictEqual(changed({ ...quick }), [])
    const seeds: Params["seeds"] = [1, 2, 3, 4, 5, 6]
    const another = changed({ ...quick, seeds })
    assert.deepStrictEqual(
      another.filter(
        (name) =>
          !/seed-6|^(faithful|corrected)\/sweeps|(table|figure)$|^(comparison|confidence|plausibility|work)/.test(
            name
          )
      ),
      []
    )
    const noise = changed({ ...quick, evaluation: { ...quick.evaluation, noise: { epsilons: [0.1] } } })
    assert.deepStrictEqual(
      noise.filter(
        (name) => !/noise|hygiene|^corrected\/(table|figure)|comparison|plausibility|work/.test(name)
      ),
      []
    )
  })

  it("says what was cut, and costs less from preset to preset", () => {
    assert.strictEqual(sizeText(paper), "nothing cut")
    const { comparison, confidence, plausibility, table, corrected } = build(quick)
    for (const { node } of [comparison, confidence, plausibility, table, corrected.table])
      assert.match(JSON.stringify(node.params), /cut: \d of 100 epochs/)
    assert.isBelow(coreHours(work, demo), coreHours(work, quick) / 10)
    assert.isBelow(coreHours(work, quick), coreHours(work, paper) / 10)
  })

  it("names params that are out of range", () => {
    const problem = (change: object) => {
      const result = Schema.decodeUnknownResult(Params, { errors: "all" })({ ...quick, ...change })
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    for (const preset of [demo, quick, paper]) assert.strictEqual(problem(preset), "none")
    assert.match(problem({ seeds: [] }), /\["seeds"\]/)
    assert.match(problem({ lambdas: { l1: [-1], l2: [0] } }), /\["lambdas"\]\["l1"\]\[0\]/)
    assert.match(problem({ dropout: { input: 1, hidden: 0 } }), /\["dropout"\]\["input"\]/)
  })
})
