import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Params, pixels } from "../../pipelines/cifar10-even-deeper/params.ts"
import { demo, paper, quick } from "../../pipelines/cifar10-even-deeper/presets.ts"
import { published } from "../../pipelines/cifar10-even-deeper/published.ts"
import { sizeText, work } from "../../pipelines/cifar10-even-deeper/size.ts"
import pipeline from "../../pipelines/cifar10-even-deeper.ts"
import { coreHours } from "../../pipelines/shared/size.ts"
import { elementsOf } from "../../src/artifact/tensor-data.ts"
import { evenDeeperCnn } from "../../src/tensor/network/known/even-deeper-cnn.ts"
import { makeNetwork } from "../../src/tensor/network/network.ts"
import { changedNodes } from "./identities.ts"

const { build, params, presets, defaultPreset } = pipeline

const changed = (now: Params) => changedNodes(build(quick), build(now))
const trained = (names: ReadonlyArray<string>) => names.filter((name) => name.startsWith("models/"))

describe("the network", () => {
  it.effect("has 1,469,994 weights, in quick as in the paper's preset", () =>
    Effect.gen(function* () {
      assert.strictEqual(paper.network, "even-deeper-cnn")
      const { network } = quick
      if (typeof network === "string") return assert.fail("quick names its network")
      for (const description of [evenDeeperCnn, network]) {
        const { parameters } = yield* makeNetwork(description)
        const weights = Object.values(parameters).reduce((sum, { shape }) => sum + elementsOf(shape), 0)
        assert.strictEqual(weights, 1_469_994)
      }
    })
  )
})

describe("presets", () => {
  it("are accepted by the schema, and grow from demo to paper", () => {
    assert.property(presets, defaultPreset)
    for (const preset of [demo, quick, paper]) assert.isTrue(Schema.is(params)(preset))
    assert.isBelow(coreHours(work, demo), coreHours(work, quick) / 3)
    assert.isBelow(coreHours(work, quick), coreHours(work, paper) / 10)
  })

  it("say in every table which images they are about, and what was cut", () => {
    assert.strictEqual(sizeText(paper), "CIFAR-10; nothing cut")
    assert.match(sizeText(demo), /^generated figures instead of CIFAR-10; cut: /)
    assert.match(
      sizeText({ ...paper, data: { name: "cifar10-jpeg", directory: "/d" } }),
      /^cifar10-jpeg instead of/
    )
    const { leak, corrected, comparison, work } = build(quick)
    for (const { node } of [leak.report, corrected.table, comparison, work])
      assert.include(JSON.stringify(node.params), sizeText(quick))
  })

  it("name the param that is out of range", () => {
    const problem = (change: object) => {
      const result = Schema.decodeUnknownResult(Params, { errors: "all", onExcessProperty: "error" })({
        ...quick,
        ...change
      })
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    assert.strictEqual(problem({}), "none")
    assert.match(problem({ trainCount: 50_001 }), /CIFAR-10 has 50000 training images/)
    assert.match(problem({ testCount: 10_001 }), /CIFAR-10 has 10000 test images/)
    assert.match(problem({ first: { normalisedEpsilon: 2.1, epochs: 1 } }), /\["normalisedEpsilon"\]/)
    assert.match(problem({ data: "cifar100" }), /\["data"\]/)
    assert.match(problem({ honest: { ...quick.honest, greyLevels: [] } }), /\["greyLevels"\]/)
  })
})

describe("the study's attack", () => {
  it("has its radius in pixels: half of that in normalised units", () => {
    assert.deepStrictEqual([pixels(1), pixels(0.5)], [0.5, 0.25])
    const { models } = build(paper)
    const attacks = Object.values(models).map(({ node }) => JSON.stringify(node.params))
    assert.include(attacks[0], '"adversarial":null')
    for (const [place, epsilon] of [0.5, 0.5, 0.25].entries())
      assert.include(
        attacks[place + 1],
        `"epsilon":${epsilon},"stepSize":${epsilon},"steps":1,"loss":"cross-entropy","randomStart":"none"`
      )
  })

  it("is compared with the printed numbers at that radius", () => {
    assert.deepStrictEqual(
      published(paper).map(({ points }) => points[0]),
      [
        [0, 0.8058],
        [0.5, 0.1385],
        [0, 0.7642],
        [0.5, 0.8172],
        [0, 0.8231],
        [0.5, 0.9447],
        [0, 0.828],
        [0.25, 0.9713]
      ]
    )
    const { comparison, leak, corrected } = build(paper)
    for (const { faithful, corrected: better } of published(paper)) {
      assert.property(leak.leaking, faithful ?? "")
      assert.property(corrected.sweeps, better ?? "")
    }
    assert.strictEqual(comparison.node.inputs["faithful"], leak.leaking)
  })

  it("is followed by five honest ones, of which the source of the transfer lacks one", () => {
    const { honest } = build(quick).leak
    assert.deepStrictEqual(Object.keys(honest), [
      "predictedLabels",
      "randomStart",
      "iterative",
      "transfer",
      "noise"
    ])
    for (const [name, sweeps] of Object.entries(honest))
      assert.deepStrictEqual(
        Object.keys(sweeps),
        name === "transfer" ? ["second", "third", "fourth"] : ["first", "second", "third", "fourth"]
      )
  })
})

describe("a change hits what depends on it, and nothing else", () => {
  it("without one, nothing", () => {
    assert.deepStrictEqual(changed({ ...quick }), [])
  })

  it("other grey levels train nothing, and leave the leak report alone", () => {
    const names = changed({ ...quick, honest: { ...quick.honest, greyLevels: [8] } })
    assert.deepStrictEqual(
      names.filter(
        (name) =>
          !/\/sweeps\/|\/transfer\/|\/hygiene$|^(corrected\/(table|figure)|comparison|work)$/.test(name)
      ),
      []
    )
  })

  it("more epochs of the third experiment leave the others alone", () => {
    const names = changed({ ...quick, third: { ...quick.third, epochs: 9 } })
    assert.deepStrictEqual(trained(names), ["models/third"])
    assert.notInclude(names, "leak/leaking/second")
    assert.include(names, "leak/honest/transfer/third")
  })

  it("another radius of the second experiment reaches the third, which goes on from it, and not the fourth", () => {
    const names = changed({ ...quick, second: { ...quick.second, normalisedEpsilon: 0.8 } })
    assert.deepStrictEqual(trained(names), ["models/second", "models/third"])
  })

  it("another angle of augmentation trains everything, and loads nothing", () => {
    const names = changed({ ...quick, training: { ...quick.training, rotation: 15 } })
    assert.strictEqual(trained(names).length, 4)
    assert.isEmpty(names.filter((name) => /^(train|test|sample)$/.test(name)))
  })
})
