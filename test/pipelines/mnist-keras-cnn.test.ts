import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Params } from "../../pipelines/mnist-keras-cnn/params.ts"
import { demo, paper, quick } from "../../pipelines/mnist-keras-cnn/presets.ts"
import { sizeText, work } from "../../pipelines/mnist-keras-cnn/size.ts"
import { network } from "../../pipelines/mnist-keras-cnn/training.ts"
import mnistKerasCnn from "../../pipelines/mnist-keras-cnn.ts"
import { coreHours } from "../../pipelines/shared/size.ts"
import type { Node, Output } from "../../src/stage/index.ts"
import { knownNetworks, makeNetwork, summarise } from "../../src/tensor/network/index.ts"
import { isOutput, outputsOf } from "../../src/worker/outputs.ts"
import { changedNodes } from "../stages/identities.ts"

const { build } = mnistKerasCnn

/** The outputs that a node takes. */
const leadingTo = (node: Node | undefined): ReadonlyArray<Output<string>> =>
  Object.values(node?.inputs ?? {}).flatMap((wire) =>
    outputsOf(wire).flatMap(([, output]) => (isOutput(output) ? [output] : []))
  )

const changed = (params: Params) => changedNodes(build(quick), build(params))

describe("mnist-keras-cnn", () => {
  it.effect("has the study's network, of 225,034 parameters", () =>
    Effect.map(makeNetwork(knownNetworks[network]), (made) =>
      assert.strictEqual(summarise(made).trainable, 225_034)
    )
  )

  it("trains further on attacked test images, and without the leak on as many training images", () => {
    const { faithful, test, train } = build(paper)
    /** The images that an attacked set is made of, before some of them are taken. */
    const source = ({ set }: typeof faithful.leaking) => leadingTo(leadingTo(set.node)[1]?.node)[0]
    assert.strictEqual(source(faithful.leaking), test)
    assert.strictEqual(source(faithful.leakFree), train)
    assert.deepStrictEqual(faithful.leaking.combined.node.inputs["sets"], [train, faithful.leaking.set])
    assert.deepStrictEqual(faithful.baseline.node.inputs["validation"], [test])
    const honest = build({ ...paper, faithful: { ...paper.faithful, trainOnTest: false } })
    assert.strictEqual(source(honest.faithful.leaking), honest.train)
  })

  it("keeps the test set out of everything that the corrected column trains", () => {
    const { corrected, faithful, test } = build(quick)
    const reaches = (node: Node): boolean =>
      node === test.node || leadingTo(node).some((each) => reaches(each.node))
    for (const model of Object.values(corrected.models)) assert.isFalse(reaches(model.node))
    assert.deepInclude(corrected.validation[0]?.node.params, { heldOutShare: 5000 / 60_000 })
    assert.isTrue(reaches(faithful.leaking.model.node))
  })

  it("runs the printed gradient literally, and cuts its images to [0, 1]", () => {
    const { faithful } = build(quick)
    assert.deepInclude(faithful.sweeps["baseline-printed"].node.params, {
      attack: { loss: "softmax-sum", clamp: { lowest: 0, highest: 1 } }
    })
  })

  it("hits what depends on a change, and nothing else", () => {
    assert.deepStrictEqual(changed({ ...quick }), [])
    const noise = changed({
      ...quick,
      evaluation: { ...quick.evaluation, noise: { epsilons: [0.1] } }
    })
    assert.deepStrictEqual(
      noise.filter((name) => !/noise|hygiene|table|figure|comparison|epsilons|plausibility/.test(name)),
      []
    )
    const leak = changed({ ...quick, faithful: { ...quick.faithful, trainOnTest: false } })
    assert.deepStrictEqual(
      leak.filter((name) => /^corrected\/|leakFree/.test(name)),
      []
    )
    const pgd = { ...quick.faithful.pgd, stepSize: 0.02 }
    const steps = changed({ ...quick, faithful: { ...quick.faithful, pgd } })
    assert.deepStrictEqual(
      steps.filter((name) => !/-pgd$|leakage|epsilons|table|figure|comparison|plausibility/.test(name)),
      []
    )
  })

  it("says what was cut, and costs less from preset to preset", () => {
    assert.strictEqual(sizeText(paper), "nothing cut")
    const { comparison, plausibility, faithful, corrected } = build(quick)
    for (const { node } of [comparison, plausibility, faithful.table, faithful.leakage, corrected.table])
      assert.match(JSON.stringify(node.params), /cut: 3 of 10 epochs of the baseline/)
    assert.isBelow(coreHours(work, demo), coreHours(work, quick) / 10)
    assert.isBelow(coreHours(work, quick), coreHours(work, paper) / 10)
  })

  it("names params that are out of range", () => {
    const problem = (change: object) => {
      const result = Schema.decodeUnknownResult(Params, { errors: "all" })({ ...quick, ...change })
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    for (const preset of [demo, quick, paper]) assert.strictEqual(problem(preset), "none")
    const attackedImages = 10_001
    assert.match(problem({ faithful: { ...quick.faithful, attackedImages } }), /at most 10000/)
    assert.strictEqual(
      problem({ faithful: { ...quick.faithful, attackedImages, trainOnTest: false } }),
      "none"
    )
    assert.match(problem({ validationImages: 60_000 }), /\["validationImages"\]/)
    assert.match(problem({ epsilon: 0 }), /\["epsilon"\]/)
  })
})
