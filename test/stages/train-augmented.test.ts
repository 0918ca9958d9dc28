import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { evenDeeperWith } from "../../src/tensor/network/known/even-deeper-cnn.ts"
import type { TrainingOptions } from "../../src/tensor/train/index.ts"
import { loadSyntheticShapes } from "../../stages/load-synthetic-shapes.ts"
import { trainAugmented } from "../../stages/train-augmented.ts"
import { recorded } from "./recorded.ts"

const options: TrainingOptions = {
  epochs: 2,
  batchSize: 16,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { type: "constant", learningRate: 0.001, warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed: 1,
  evaluationBatchSize: 16
}

const fgsm = {
  norm: "linf",
  epsilon: 0.5,
  stepSize: 0.5,
  steps: 1,
  loss: "cross-entropy",
  randomStart: "none",
  warmupEpochs: 0
}

/** The first weights after a short training on 35 generated figures: two whole batches and a smaller one. */
const trained = (change: object = {}) =>
  Effect.gen(function* () {
    const data = yield* loadSyntheticShapes.execute({}, { split: "train", count: 35, seed: 1 })
    const { weights } = yield* trainAugmented.execute(
      { data, validation: [], from: [] },
      {
        network: evenDeeperWith("tiny", { filters: [2, 2, 2], units: [4, 4], init: "he-normal" }),
        initialSeed: 1,
        augmentation: { flip: true, rotation: 10 },
        adversarial: null,
        options,
        ...change
      }
    )
    return [...(weights.get("conv1.weight")?.data ?? [])]
  }).pipe(Effect.provide(recorded().layer))

describe("train-augmented", () => {
  it.effect("gives the same weights again", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* trained(), yield* trained())
      const adversarial = { share: 0.5, attack: fgsm }
      assert.deepStrictEqual(yield* trained({ adversarial }), yield* trained({ adversarial }))
    })
  )

  it.effect("gives others under another angle, without mirrors, and with images attacked", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(
        [
          {},
          { augmentation: { flip: true, rotation: 11 } },
          { augmentation: { flip: false, rotation: 10 } },
          { adversarial: { share: 0.5, attack: fgsm } },
          { adversarial: { share: 1, attack: fgsm } },
          { adversarial: { share: 0.5, attack: { ...fgsm, epsilon: 0.25, stepSize: 0.25 } } }
        ],
        trained
      )
      assert.strictEqual(new Set(all.map((weights) => weights.join())).size, all.length)
    })
  )
})
