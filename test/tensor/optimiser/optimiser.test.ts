import "@tensorflow/tfjs-backend-cpu"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { makeOptimiser, OptimiserSettings } from "../../../src/tensor/optimiser/index.ts"
import { power } from "../../../src/tensor/optimiser/power.ts"
import torch from "./torch-optimisers.json" with { type: "json" }

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const parameters = {
  weight: { dtype: "F32", shape: [3, 2] },
  bias: { dtype: "F32", shape: [4] }
} as const

const tensors = ({ weight, bias }: { readonly weight: Array<number>; readonly bias: Array<number> }) => ({
  weight: tf.tensor(weight, [3, 2]),
  bias: tf.tensor(bias, [4])
})

/** The parameters after each update of the fixture. */
const updates = (settings: OptimiserSettings): Array<{ weight: Array<number>; bias: Array<number> }> => {
  const optimiser = makeOptimiser(settings)
  const slotShapes = optimiser.slots(parameters)
  let slots: Record<string, tf.Tensor> = {}
  for (const [name, { shape }] of Object.entries(slotShapes)) slots[name] = tf.zeros([...shape])
  let current = tensors(torch.start)
  return torch.gradients.map((gradient, index) => {
    const scalars = optimiser.coefficients(torch.rates[index] ?? 0, index + 1)
    const coefficients: Record<string, tf.Tensor> = {}
    for (const [name, value] of Object.entries(scalars)) coefficients[name] = tf.scalar(value)
    const { weight, bias, ...rest } = optimiser.update({
      parameters: current,
      gradients: tensors(gradient),
      slots,
      coefficients
    })
    if (weight === undefined || bias === undefined) return assert.fail("a parameter is missing")
    assert.sameMembers(Object.keys(rest), Object.keys(slotShapes))
    for (const [name, slot] of Object.entries(rest))
      assert.deepStrictEqual(slot.shape, slotShapes[name]?.shape)
    current = { weight, bias }
    slots = rest
    return { weight: [...weight.dataSync()], bias: [...bias.dataSync()] }
  })
}

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

describe("optimisers against PyTorch, six updates at changing rates", () => {
  it.each([
    ["sgd", { type: "sgd", momentum: 0, nesterov: false, weightDecay: 0 }],
    ["momentum", { type: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0.01 }],
    ["nesterov", { type: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01 }],
    ["adam", { type: "adam", ...adam, weightDecay: 0 }],
    ["adam decayed", { type: "adam", beta1: 0.8, beta2: 0.95, epsilon: 1e-2, weightDecay: 0.1 }],
    ["adamw", { type: "adamw", ...adam, weightDecay: 0.1 }],
    ["rmsprop", { type: "rmsprop", rho: 0.9, epsilon: 1e-3, epsilonPlace: "outside", weightDecay: 0.01 }],
    ["inside", { type: "rmsprop", rho: 0.9, epsilon: 1e-3, epsilonPlace: "inside", weightDecay: 0 }]
  ] as const)("%s", (name, settings) => {
    for (const [index, after] of updates(settings).entries()) {
      const expected = torch.after[name][index]
      for (const [i, value] of (expected?.weight ?? []).entries())
        assert.closeTo(after.weight[i] ?? Number.NaN, value, 1e-6, `weight ${i} after update ${index + 1}`)
      for (const [i, value] of (expected?.bias ?? []).entries())
        assert.closeTo(after.bias[i] ?? Number.NaN, value, 1e-6, `bias ${i} after update ${index + 1}`)
    }
  })
})

describe("optimisers", () => {
  it("without momentum remember nothing", () => {
    const optimiser = makeOptimiser({ type: "sgd", momentum: 0, nesterov: false, weightDecay: 0 })
    assert.deepStrictEqual(optimiser.slots(parameters), {})
  })

  it("name a slot after itself and its parameter", () => {
    const optimiser = makeOptimiser({ type: "adam", ...adam, weightDecay: 0 })
    assert.deepStrictEqual(optimiser.slots({ "fc.bias": { dtype: "F32", shape: [3] } }), {
      "optimiser.mean.fc.bias": { dtype: "F32", shape: [3] },
      "optimiser.square.fc.bias": { dtype: "F32", shape: [3] }
    })
  })

  it("the first step of Adam is the learning rate against the gradient's sign, whatever its size", () => {
    const optimiser = makeOptimiser({ type: "adam", ...adam, weightDecay: 0 })
    const { rate, epsilon } = optimiser.coefficients(0.01, 1)
    const zero = tf.zeros([3])
    const next = optimiser.update({
      parameters: { w: zero },
      gradients: { w: tf.tensor1d([1e-3, -20, 0]) },
      slots: { "optimiser.mean.w": zero, "optimiser.square.w": zero },
      coefficients: { rate: tf.scalar(rate ?? 0), epsilon: tf.scalar(epsilon ?? 0) }
    })
    const moved = next["w"]?.dataSync() ?? []
    for (const [i, value] of [-0.01, 0.01, 0].entries()) assert.closeTo(moved[i] ?? Number.NaN, value, 2e-7)
  })

  it("late in a long training Adam's corrections are gone and finite", () => {
    const optimiser = makeOptimiser({ type: "adam", ...adam, weightDecay: 0 })
    const { rate, epsilon } = optimiser.coefficients(1, 1e9)
    assert.closeTo(rate ?? 0, 0.1 / Math.sqrt(0.001), 1e-12)
    assert.closeTo(epsilon ?? 0, 1e-8 / Math.sqrt(0.001), 1e-20)
  })

  it.each([
    { type: "sgd", momentum: 1, nesterov: false, weightDecay: 0 },
    { type: "adam", beta1: -0.1, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    { type: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0 },
    { type: "rmsprop", rho: 0.9, epsilon: 1e-6, epsilonPlace: "beside", weightDecay: 0 },
    { type: "sgd", momentum: 0, nesterov: false, weightDecay: Number.NaN }
  ])("settings out of range are refused: %j", (settings) => {
    assert.isFalse(Schema.is(OptimiserSettings)(settings))
  })
})

describe("power", () => {
  it("is exact for powers of two, and close to Math.pow elsewhere", () => {
    assert.strictEqual(power(2, 0), 1)
    assert.strictEqual(power(2, 1), 2)
    assert.strictEqual(power(0.5, 33), 2 ** -33)
    for (const exponent of [3, 10, 999, 12_345])
      assert.closeTo(power(0.999, exponent) / 0.999 ** exponent, 1, 1e-12)
  })
})
