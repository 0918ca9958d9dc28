import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { crossEntropy } from "../../../src/tensor/loss/index.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import { adversarialObjective, type TrainingAttack } from "../../../src/tensor/train/adversarial-objective.ts"

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const network = Effect.runSync(
  makeNetwork({
    name: "two pixels",
    layers: [
      { type: "input", shape: [1, 2, 1] },
      { type: "flatten" },
      { type: "dense", units: 2, name: "fc" }
    ]
  })
)
const attack: TrainingAttack = {
  norm: "linf",
  epsilon: 0.2,
  stepSize: 0.05,
  steps: 3,
  loss: "cross-entropy",
  randomStart: "uniform",
  warmupEpochs: 0
}
const objective = (change: Partial<TrainingAttack> = {}, stepsPerEpoch = 10) =>
  adversarialObjective(network, { ...attack, ...change }, crossEntropy, stepsPerEpoch)
const at = (step: number, rows: ReadonlyArray<number> = [0], epoch = 0, seed = 1) => ({
  seed,
  epoch,
  step,
  rows: Int32Array.from(rows)
})

/** The images that the objective trains on, where the first pixel speaks for the label and the second against it. */
const prepared = (
  change: Partial<TrainingAttack>,
  images: ReadonlyArray<number>,
  start: number | undefined
) => {
  const { epsilon, stepSize } = { ...attack, ...change }
  const { attacked } =
    objective(change).prepare?.({
      network,
      weights: { "fc.weight": tf.tensor2d([5, -5, -5, 5], [2, 2]), "fc.bias": tf.zeros([2]) },
      images: tf.tensor4d([...images], [1, 1, 2, 1]),
      labels: tf.tensor1d([0], "int32"),
      masks: {},
      extras: {
        attackEpsilon: tf.scalar(epsilon),
        attackStepSize: tf.scalar(stepSize),
        ...(start === undefined ? {} : { attackStart: tf.fill([1, 1, 2, 1], start) })
      }
    }) ?? {}
  return [...(attacked?.dataSync() ?? [])].map((pixel) => Number(pixel.toFixed(6)))
}

describe("adversarialObjective", () => {
  it("takes its steps away from the label, from the start, inside ball and box", () => {
    const plain = { randomStart: "none" } as const
    assert.deepStrictEqual(prepared(plain, [0.5, 0.5], undefined), [0.35, 0.65])
    assert.deepStrictEqual(prepared({ ...plain, steps: 9 }, [0.5, 0.5], undefined), [0.3, 0.7])
    assert.deepStrictEqual(prepared({ ...plain, steps: 9 }, [0.1, 0.9], undefined), [0, 1])
    // Half of epsilon up, then three steps of .05.
    assert.deepStrictEqual(prepared({}, [0.5, 0.5], 0.5), [0.45, 0.7])
  })

  it("grows epsilon and step size over the warm-up", () => {
    const sizes = [0, 5, 10, 20, 35].map((step) => {
      const drawn = objective({ warmupEpochs: 2 }).draw?.(at(step)) ?? {}
      return [drawn["attackEpsilon"]?.data[0], drawn["attackStepSize"]?.data[0]].map((size) =>
        Number(size?.toFixed(6))
      )
    })
    assert.deepStrictEqual(sizes, [
      [0, 0],
      [0.05, 0.0125],
      [0.1, 0.025],
      [0.2, 0.05],
      [0.2, 0.05]
    ])
  })

  it("draws starts that belong to image, epoch and seed, not to the batch", () => {
    const starts = (...where: Parameters<typeof at>) => [
      ...(objective().draw?.(at(...where))["attackStart"]?.data ?? [])
    ]
    const both = starts(0, [3, 8])
    assert.deepStrictEqual(starts(4, [8, 3]), [...both.slice(2), ...both.slice(0, 2)])
    assert.notDeepEqual(starts(0, [3, 8], 1), both)
    assert.notDeepEqual(starts(0, [3, 8], 0, 2), both)
    assert.isTrue(both.every((value) => value >= -1 && value <= 1))
    assert.notProperty(objective({ randomStart: "none" }).draw?.(at(0)) ?? {}, "attackStart")
  })
})
