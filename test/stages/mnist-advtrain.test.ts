import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Params } from "../../pipelines/mnist-advtrain/params.ts"
import { demo, paper, quick } from "../../pipelines/mnist-advtrain/presets.ts"
import { sizeText, work } from "../../pipelines/mnist-advtrain/size.ts"
import mnistAdvtrain from "../../pipelines/mnist-advtrain.ts"
import { coreHours } from "../../pipelines/shared/size.ts"
import { changedNodes, identities } from "./identities.ts"

const { build } = mnistAdvtrain

/** What of the quick run would run again with other params. */
const changed = (params: Params): ReadonlyArray<string> => changedNodes(build(quick), build(params))

const training = /\/(retrained|fresh)$|^baseline$|onTheFly\/|sets\/|combined$/

describe("a change hits what depends on it, and nothing else", () => {
  it("without one, nothing", () => {
    assert.deepStrictEqual(changed(quick), [])
    assert.deepStrictEqual(changed({ ...quick }), [])
  })

  it("another sweep trains nothing, and measures only its own attack", () => {
    const fgsm = { epsilons: [0, 0.1] }
    const names = changed({ ...quick, sweep: { ...quick.sweep, fgsm } })
    assert.deepStrictEqual(
      names.filter((name) => training.test(name)),
      []
    )
    assert.include(names, "corrected/evaluations/baseline/sweeps/fgsm")
    assert.deepStrictEqual(
      names.filter(
        (name) =>
          !/\/sweeps\/fgsm$|\/hygiene$|^(comparison|corrected\/(table|checks|figures\/sweeps)|work)$/.test(
            name
          )
      ),
      []
    )
  })

  it("another alpha of PGD leaves FGSM's branch and the corrected column alone", () => {
    const pgd = { ...quick.attacks.pgd, faithful: { alpha: 0.25, steps: 10 } }
    const names = changed({ ...quick, attacks: { ...quick.attacks, pgd } })
    assert.includeMembers(
      [...names],
      [
        "faithful/pgd/sets/epsilon-0.1",
        "faithful/pgd/retrained",
        "faithful/pgd/fresh",
        "faithful/sweeps/baseline-pgd",
        "faithful/sweeps/fgsm-retrained-pgd-transfer"
      ]
    )
    assert.deepStrictEqual(
      names.filter((name) =>
        /^(baseline|corrected|faithful\/(fgsm|sweeps\/(baseline|fgsm-\w+)-fgsm))/.test(name)
      ),
      []
    )
  })

  it("one more epsilon makes one set in each column, and trains FGSM's branches again", () => {
    const epsilons = [...quick.attacks.fgsm.epsilons, 0.4]
    const names = changed({ ...quick, attacks: { ...quick.attacks, fgsm: { epsilons } } })
    assert.deepStrictEqual(
      names.filter((name) => training.test(name)),
      [
        "faithful/fgsm/sets/epsilon-0.4",
        "faithful/fgsm/combined",
        "faithful/fgsm/retrained",
        "faithful/fgsm/fresh",
        "corrected/fgsm/sets/epsilon-0.4",
        "corrected/fgsm/combined",
        "corrected/fgsm/retrained",
        "corrected/fgsm/fresh"
      ]
    )
  })

  it("more epochs of the fresh networks retrain nothing else", () => {
    const names = changed({ ...quick, static: { ...quick.static, freshEpochs: 4 } })
    assert.deepStrictEqual(
      names.filter((name) => training.test(name)),
      ["faithful/fgsm/fresh", "faithful/pgd/fresh", "corrected/fgsm/fresh", "corrected/pgd/fresh"]
    )
  })

  it("another seed of the trainings reaches everything but the data", () => {
    const names = new Set(changed({ ...quick, training: { ...quick.training, seed: 2 } }))
    const kept = [...identities(build(quick)).keys()].filter((name) => !names.has(name))
    assert.isTrue(
      kept.every((name) =>
        /^(train|test|training|validation|clean|work)|samples\/|(sample|onTheFly\/data)$/.test(name)
      )
    )
  })
})

describe("sizes", () => {
  it("the paper's combined sets have 360,000 images, from training images alone, and nothing is cut", () => {
    const nodes = build(paper)
    const parts = nodes.faithful.fgsm.combined.node.inputs["sets"]
    assert.strictEqual(Array.isArray(parts) ? parts.length : 0, 6)
    assert.strictEqual(nodes.clean, nodes.train)
    assert.deepInclude(nodes.train.node.params, { split: "train", limit: 60_000 })
    assert.strictEqual(sizeText(paper), "nothing cut")
    assert.isEmpty(nodes.validation)
  })

  it("every table of a smaller run says what was cut", () => {
    const { faithful, corrected, comparison, work } = build(quick)
    for (const { node } of [faithful.table, corrected.table, corrected.matrix, comparison, work])
      assert.match(JSON.stringify(node.params), /cut: 54000 of 60000 training images, 4 of 50 epochs/)
    assert.match(sizeText(demo), /generated digits instead of MNIST/)
  })

  it("the demo is smaller than quick, and quick than the paper", () => {
    assert.isBelow(coreHours(work, demo), coreHours(work, quick) / 10)
    assert.isBelow(coreHours(work, quick), coreHours(work, paper) / 10)
  })

  it("all test images are measured in the corrected column", () => {
    const { test, corrected } = build(quick)
    assert.deepInclude(test.node.params, { limit: 10_000 })
    for (const evaluation of Object.values(corrected.evaluations))
      for (const { node } of Object.values(evaluation.sweeps))
        assert.deepStrictEqual(node.inputs["sets"] ?? { test }, { test })
  })
})

describe("params out of range name their place before anything runs", () => {
  const problem = (change: object) => {
    const result = Schema.decodeUnknownResult(Params, { errors: "all", onExcessProperty: "error" })({
      ...quick,
      ...change
    })
    return result._tag === "Failure" ? result.failure.message : "none"
  }
  const attacks = (change: object) => problem({ attacks: { ...quick.attacks, ...change } })

  it("epsilons", () => {
    assert.strictEqual(attacks({ fgsm: { epsilons: [0.1, 0.3] } }), "none")
    assert.match(attacks({ fgsm: { epsilons: [-0.1] } }), /\["attacks"\]\["fgsm"\]\["epsilons"\]\[0\]/)
    assert.match(attacks({ fgsm: { epsilons: [0.1, 1.1] } }), /\["attacks"\]\["fgsm"\]\["epsilons"\]\[1\]/)
    assert.match(attacks({ fgsm: { epsilons: [0, 0.1] } }), /above 0, got 0/)
    assert.match(attacks({ fgsm: { epsilons: [0.3, 0.1] } }), /more than 0.3, the one before, got 0.1/)
    assert.match(attacks({ fgsm: { epsilons: [] } }), /at least one epsilon/)
  })

  it("alpha, steps, epochs, networks, counts", () => {
    const pgd = (faithful: object) =>
      attacks({ pgd: { ...quick.attacks.pgd, faithful: { alpha: 0.5, steps: 10, ...faithful } } })
    assert.match(pgd({ alpha: 0 }), /\["faithful"\]\["alpha"\]/)
    assert.match(pgd({ steps: 0 }), /\["faithful"\]\["steps"\]/)
    assert.match(problem({ baseline: { epochs: 0 } }), /\["baseline"\]\["epochs"\]/)
    assert.match(problem({ network: "resnet" }), /\["network"\]/)
    assert.match(
      problem({ static: { ...quick.static, images: 54_001 } }),
      /at most the 54000 training images/
    )
    assert.match(problem({ onTheFly: { ...quick.onTheFly, images: 54_001 } }), /at most the 54000/)
    assert.match(problem({ nonsense: 1 }), /nonsense/)
  })
})
