import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { clampOf, networkWith, pixelEpsilon } from "../../pipelines/mnist-no-pool-cnn/cells.ts"
import { Params } from "../../pipelines/mnist-no-pool-cnn/params.ts"
import { demo, paper, quick } from "../../pipelines/mnist-no-pool-cnn/presets.ts"
import { columns, largestClassShare } from "../../pipelines/mnist-no-pool-cnn/published.ts"
import { sizeText, work } from "../../pipelines/mnist-no-pool-cnn/size.ts"
import mnistNoPoolCnn from "../../pipelines/mnist-no-pool-cnn.ts"
import { coreHours } from "../../pipelines/shared/size.ts"
import { knownNetworks, makeNetwork, summarise } from "../../src/tensor/network/index.ts"
import { plausibility } from "../../stages/plausibility.ts"
import { changedNodes } from "../stages/identities.ts"
import { recorded } from "../stages/recorded.ts"

const { build } = mnistNoPoolCnn
const changed = (params: Params) => changedNodes(build(quick), build(params))

describe("the cells", () => {
  it.effect("have the study's network of 4,738,826 parameters, whatever comes before it", () =>
    Effect.gen(function* () {
      for (const preprocessing of ["none", "half", "mnist"] as const) {
        const network = networkWith(preprocessing)
        const made = yield* makeNetwork(typeof network === "string" ? knownNetworks["no-pool-cnn"] : network)
        assert.strictEqual(summarise(made).trainable, 4_738_826)
        assert.strictEqual(made.layers[1]?.type, preprocessing === "none" ? "conv2d" : "normalise")
      }
    })
  )

  it("turn epsilons and clamps of the network's input into pixels", () => {
    assert.strictEqual(pixelEpsilon("none", 0.3), 0.3)
    assert.strictEqual(pixelEpsilon("half", 0.3), 0.15)
    assert.strictEqual(pixelEpsilon("mnist", 0.1), 0.03081)
    assert.deepStrictEqual(clampOf("mnist", "right"), { lowest: 0, highest: 1 })
    assert.deepStrictEqual(clampOf("half", "zero-one"), { lowest: 0.5, highest: 1 })
    assert.deepStrictEqual(clampOf("none", "zero-one"), clampOf("none", "right"))
  })

  it("are 3 preprocessings × 2 clamps × 4 trainings, of which 20 are trained", () => {
    const { models, closest, sweeps } = build(quick)
    assert.strictEqual(Object.keys(models).length, 24)
    assert.strictEqual(new Set(Object.values(models)).size, 20)
    assert.strictEqual(new Set(Object.values(sweeps)).size, 25)
    assert.deepInclude(closest.node.params, { facts: ["preprocessing", "clamp", "trained on epsilon"] })
  })

  it("are trained with the clamp and the epsilons that they are attacked with", () => {
    const { models, sweeps } = build(quick)
    const clamp = { lowest: 0.5, highest: 1 }
    assert.deepInclude(models["half-zero-one-0.1+0.2+0.3"]?.node.params, {
      attack: { loss: "cross-entropy", clamp, epsilons: [0.05, 0.1, 0.15] }
    })
    assert.deepInclude(sweeps["half-zero-one-0.1-trained"]?.node.params, {
      attack: { loss: "cross-entropy", clamp },
      epsilons: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
    })
  })
})

describe("mnist-no-pool-cnn", () => {
  it.effect("finds both published columns implausible, if epsilons are of pixels", () => {
    const { layer } = recorded()
    const published = columns.map(({ column, points }) => ({ what: column, points, largestClassShare }))
    return Effect.gen(function* () {
      const { rows } = yield* plausibility.execute({ sweeps: {} }, { title: "t", tolerance: 0.01, published })
      assert.deepStrictEqual(
        rows.map(([what, , check, plausible]) => [what, check, plausible]),
        [
          ["CNN", "non-increasing", true],
          ["CNN", "grey-bound", false],
          ["CNN with adversarial training", "non-increasing", true],
          ["CNN with adversarial training", "grey-bound", false]
        ]
      )
    }).pipe(Effect.provide(layer))
  })

  it("hits what depends on a change, and nothing else", () => {
    assert.deepStrictEqual(changed({ ...quick }), [])
    const more = changed({ ...quick, grid: { ...quick.grid, trainedOn: [...quick.grid.trainedOn, [0.4]] } })
    assert.deepStrictEqual(
      more.filter((name) => !/-0\.4|^(trainings|closest|plausibility|work|comparison|corrected)/.test(name)),
      []
    )
    const test = changed({ ...quick, grid: { ...quick.grid, epsilons: [0, 0.1] } })
    assert.deepStrictEqual(
      test.filter((name) => !/^sweeps\/|closest|comparison|plausibility|work/.test(name)),
      []
    )
  })

  it("says what was cut, and costs less from preset to preset", () => {
    assert.strictEqual(sizeText(paper), "nothing cut")
    const { comparison, closest, closestCurve, plausibility, corrected } = build(quick)
    for (const { node } of [comparison, closest, closestCurve, plausibility, corrected.table])
      assert.match(JSON.stringify(node.params), /cut: 1000 of 10000 test images/)
    assert.isBelow(coreHours(work, demo), coreHours(work, quick) / 10)
    assert.isBelow(coreHours(work, quick), coreHours(work, paper) / 10)
  })

  it("names params that are out of range", () => {
    const problem = (change: object) => {
      const result = Schema.decodeUnknownResult(Params, { errors: "all" })({ ...quick, ...change })
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    for (const preset of [demo, quick, paper]) assert.strictEqual(problem(preset), "none")
    assert.match(problem({ grid: { ...quick.grid, images: 60_001 } }), /at most the 60000 training images/)
    assert.match(problem({ grid: { ...quick.grid, preprocessings: ["none"] } }), /"half" \| "mnist"/)
    assert.match(problem({ grid: { ...quick.grid, trainedOn: [[]] } }), /\["trainedOn"\]\[0\]/)
  })
})
