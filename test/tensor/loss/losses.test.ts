import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../../../src/data/random.ts"
import {
  crossEntropy,
  crossEntropyWith,
  dlr,
  dlrTargeted,
  kl,
  type Loss,
  LossName,
  l1Penalty,
  l2Penalty,
  losses,
  margin,
  marginWith,
  rawLogit
} from "../../../src/tensor/loss/index.ts"
import { reference } from "./reference.ts"
import torch from "./torch-losses.json" with { type: "json" }

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const matrix = (values: ReadonlyArray<ReadonlyArray<number>>) => tf.tensor2d(values.map((row) => [...row]))
const ints = (values: ReadonlyArray<number>) => tf.tensor1d([...values], "int32")

/** A loss's values and the gradient of their sum. */
const evaluate = (logits: tf.Tensor, loss: (logits: tf.Tensor) => tf.Tensor) => ({
  value: [...loss(logits).dataSync()],
  slope: [
    ...tf
      .grad((z) => tf.sum(loss(z)))(logits)
      .dataSync()
  ]
})

/** Equal up to `tolerance`, relative where numbers are above 1. */
const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number) => {
  assert.strictEqual(actual.length, expected.length)
  for (const [i, value] of expected.entries())
    assert.closeTo(actual[i] ?? Number.NaN, value, tolerance * Math.max(1, Math.abs(value)), `element ${i}`)
}

describe("losses against PyTorch", () => {
  const logits = () => tf.tensor2d(torch.logits, [6, 5])
  const ours: { readonly [name in keyof typeof torch.losses]: Loss } = {
    crossEntropy,
    smoothed: crossEntropyWith(0.1),
    rawLogit,
    margin,
    marginAtMost2: marginWith(2),
    dlr,
    dlrTargeted: (z, labels) => dlrTargeted(z, labels, ints(torch.targets))
  }
  it.each([
    ["crossEntropy", torch.losses.crossEntropy],
    ["smoothed", torch.losses.smoothed],
    ["rawLogit", torch.losses.rawLogit],
    ["margin", torch.losses.margin],
    ["marginAtMost2", torch.losses.marginAtMost2],
    ["dlr", torch.losses.dlr],
    ["dlrTargeted", torch.losses.dlrTargeted]
  ] as const)("%s has PyTorch's value and gradient", (name, expected) => {
    const actual = evaluate(logits(), (z) => ours[name](z, ints(torch.labels)))
    close(actual.value, expected.value, 2e-6)
    close(actual.slope, expected.slope, 2e-6)
  })

  it("kl has PyTorch's value and both its gradients", () => {
    const moved = tf.tensor2d(torch.perturbed, [6, 5])
    const [toClean, toPerturbed] = tf.grads((a, b) => tf.sum(kl(a, b)))([logits(), moved])
    close([...kl(logits(), moved).dataSync()], torch.kl.value, 2e-6)
    close([...(toClean?.dataSync() ?? [])], torch.kl.toClean, 2e-6)
    close([...(toPerturbed?.dataSync() ?? [])], torch.kl.toPerturbed, 2e-6)
  })
})

describe("losses against their formulae in double precision", () => {
  const stream = new RandomStream({ seed: 5, purpose: 0, index: 0 })
  const rows = Array.from({ length: 24 }, () =>
    Array.from({ length: 10 }, () => Math.fround(6 * stream.normal()))
  )
  const labels = rows.map(() => stream.int(10))
  const targets = labels.map((label) => (label + 1 + stream.int(9)) % 10)

  const table: {
    readonly [name: string]: readonly [Loss, (z: ReadonlyArray<number>, row: number) => number]
  } = {
    "cross-entropy": [crossEntropy, (z, row) => reference.crossEntropy(z, labels[row] ?? 0, 0)],
    "smoothed cross-entropy": [
      crossEntropyWith(0.2),
      (z, row) => reference.crossEntropy(z, labels[row] ?? 0, 0.2)
    ],
    "raw logit": [rawLogit, (z, row) => -(z[labels[row] ?? 0] ?? 0)],
    margin: [margin, (z, row) => reference.margin(z, labels[row] ?? 0)],
    dlr: [dlr, (z, row) => reference.dlr(z, labels[row] ?? 0)],
    "targeted dlr": [
      (z, y) => dlrTargeted(z, y, ints(targets)),
      (z, row) => reference.dlrTargeted(z, labels[row] ?? 0, targets[row] ?? 0)
    ]
  }
  it.each(Object.entries(table))("%s: values, and gradients by central differences", (_, [loss, formula]) => {
    const { value, slope } = evaluate(matrix(rows), (z) => loss(z, ints(labels)))
    close(value, rows.map(formula), 4e-6)
    close(
      slope,
      rows.flatMap((row, index) => reference.slope((z) => formula(z, index), row)),
      1e-5
    )
  })

  it("kl: values, and both gradients by central differences", () => {
    const moved = rows.map((row) => row.map((logit) => Math.fround(logit + stream.normal())))
    const [toClean, toMoved] = tf.grads((a, b) => tf.sum(kl(a, b)))([matrix(rows), matrix(moved)])
    close(
      [...(toClean?.dataSync() ?? [])],
      rows.flatMap((row, i) => reference.slope((z) => reference.kl(z, moved[i] ?? []), row)),
      1e-5
    )
    close(
      [...(toMoved?.dataSync() ?? [])],
      moved.flatMap((row, i) => reference.slope((z) => reference.kl(rows[i] ?? [], z), row)),
      1e-5
    )
  })
})

describe("cross-entropy", () => {
  it("of equal logits is the logarithm of the number of classes", () => {
    close([...crossEntropy(tf.zeros([2, 10]), ints([0, 9])).dataSync()], [Math.log(10), Math.log(10)], 1e-7)
  })

  it.each([20, 40, 80])("keeps its gradient at a logit gap of %d, the true class's part too", (gap) => {
    const { slope } = evaluate(matrix([[0, gap, 0, 0]]), (z) => crossEntropy(z, ints([1])))
    const other = Math.exp(-gap)
    const relative = slope.map((value, i) => value / (i === 1 ? -3 * other : other))
    close(relative, [1, 1, 1, 1], 1e-5)
  })

  it("does not do what cross-entropy on clipped probabilities does: a gradient of exactly zero", () => {
    const clipped: Loss = (z, y) => {
      const truth = tf.oneHot(y, 4, 1, 0, "float32")
      return tf.neg(tf.sum(tf.mul(truth, tf.log(tf.clipByValue(tf.softmax(z), 1e-7, 1 - 1e-7))), 1))
    }
    const { slope } = evaluate(matrix([[0, 40, 0, 0]]), (z) => clipped(z, ints([1])))
    assert.deepStrictEqual(slope.map(Math.abs), [0, 0, 0, 0])
  })

  it("stays finite for logits in the thousands", () => {
    const { value, slope } = evaluate(matrix([[-9000, 9000, 0]]), (z) => crossEntropy(z, ints([0])))
    close(value, [18_000], 1e-7)
    close(slope, [-1, 1, 0], 1e-7)
  })
})

describe("the margin", () => {
  it("is positive exactly where the prediction is wrong, and flat beyond its confidence", () => {
    const logits = matrix([
      [3, 1, 0],
      [1, 2, 0],
      [0, 9, 0]
    ])
    const { value, slope } = evaluate(logits, (z) => marginWith(5)(z, ints([0, 0, 0])))
    assert.deepStrictEqual(value, [-2, 1, 5])
    close(slope, [-1, 1, 0, -1, 1, 0, 0, 0, 0], 0)
  })

  it("follows one of several equal wrong logits", () => {
    const { slope } = evaluate(matrix([[3, 1, 1]]), (z) => margin(z, ints([0])))
    close(slope, [-1, 1, 0], 0)
  })
})

describe("every loss", () => {
  const logits = [
    [1, -2, 0.5, 3],
    [0, 8, 2, -1]
  ]
  it.each(LossName.literals)("%s of an example does not depend on its batch", (name) => {
    const together = evaluate(matrix(logits), (z) => losses[name](z, ints([2, 1])))
    const alone = logits.map((row, i) =>
      evaluate(matrix([row]), (z) => losses[name](z, ints([[2, 1][i] ?? 0])))
    )
    assert.deepStrictEqual(
      together.value,
      alone.flatMap(({ value }) => value)
    )
    assert.deepStrictEqual(
      together.slope,
      alone.flatMap(({ slope }) => slope)
    )
  })

  it.each(LossName.literals)("%s takes labels that were computed from the same logits", (name) => {
    const predicted = evaluate(matrix(logits), (z) => losses[name](z, tf.argMax(z, 1)))
    const given = evaluate(matrix(logits), (z) => losses[name](z, ints([3, 1])))
    assert.deepStrictEqual(predicted, given)
  })

  it.each(LossName.literals)("%s leaves no tensor behind", (name) => {
    const z = matrix(logits)
    const y = ints([2, 1])
    const before = tf.memory().numTensors
    tf.tidy(() => tf.grad((x) => tf.sum(losses[name](x, y)))(z)).dispose()
    assert.strictEqual(tf.memory().numTensors, before)
  })
})

describe("penalties", () => {
  const weights = () => ({ a: tf.tensor1d([1, -2]), b: tf.tensor2d([[3], [0]]), bias: tf.tensor1d([100]) })
  it("sum absolute values and squares of the named tensors alone", () => {
    assert.strictEqual(l1Penalty(weights(), ["a", "b"]).dataSync()[0], 6)
    assert.strictEqual(l2Penalty(weights(), ["a", "b"]).dataSync()[0], 14)
    assert.strictEqual(l2Penalty(weights(), []).dataSync()[0], 0)
  })

  it("have the gradients sign(w) and 2 w", () => {
    const { a } = weights()
    assert.deepStrictEqual(
      [
        ...tf
          .grad((w) => l1Penalty({ w }, ["w"]))(a)
          .dataSync()
      ],
      [1, -1]
    )
    assert.deepStrictEqual(
      [
        ...tf
          .grad((w) => l2Penalty({ w }, ["w"]))(a)
          .dataSync()
      ],
      [2, -4]
    )
  })
})
