import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { initialise } from "../../../src/tensor/network/initialise.ts"
import { knownNetworks } from "../../../src/tensor/network/known/index.ts"
import { type LayerDescription, makeNetwork } from "../../../src/tensor/network/network.ts"

type Init = Extract<LayerDescription, { readonly type: "dense" }>["init"]

/** A network of one dense layer and one convolution, begun in one way. */
const begun = (init: Exclude<Init, undefined>, seed = 1) =>
  Effect.map(
    makeNetwork({
      name: "begun",
      layers: [
        { type: "input", shape: [8, 8, 2] },
        { type: "conv2d", filters: 50, kernelSize: [3, 3], init },
        { type: "flatten" },
        { type: "dense", units: 20, init },
        { type: "batchNorm" }
      ]
    }),
    (network) => initialise(network, { seed })
  )

const moments = (values: ArrayLike<number>) => {
  const numbers = Array.from(values)
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length
  return { mean, deviation: Math.sqrt(variance), largest: Math.max(...numbers.map(Math.abs)) }
}

describe("initial weights", () => {
  // Fan in and fan out: 3 * 3 * 2 = 18 and 3 * 3 * 50 = 450; 6 * 6 * 50 = 1800 and 20.
  it.effect.each([
    ["glorot-uniform", Math.sqrt(6 / 468), Math.sqrt(6 / 1820)],
    ["he-uniform", Math.sqrt(6 / 18), Math.sqrt(6 / 1800)],
    ["pytorch", 1 / Math.sqrt(18), 1 / Math.sqrt(1800)]
  ] as const)("%s is uniform within its bound", ([init, conv, dense]) =>
    Effect.gen(function* () {
      const weights = yield* begun(init)
      for (const [name, bound] of [
        ["conv1.weight", conv],
        ["fc1.weight", dense]
      ] as const) {
        const { mean, deviation, largest } = moments(weights.get(name)?.data ?? [])
        assert.isAtMost(largest, bound * (1 + 1e-6))
        assert.isAtLeast(largest, bound * 0.99)
        assert.closeTo(mean, 0, bound * 0.06)
        assert.closeTo(deviation, bound / Math.sqrt(3), bound * 0.03)
      }
    })
  )

  it.effect.each([
    ["he-normal", Math.sqrt(2 / 1800)],
    [{ normal: 0.01 }, 0.01]
  ] as const)("%o is normal", ([init, expected]) =>
    Effect.gen(function* () {
      const weights = yield* begun(init)
      const { mean, deviation, largest } = moments(weights.get("fc1.weight")?.data ?? [])
      assert.closeTo(mean, 0, expected * 0.02)
      assert.closeTo(deviation, expected, expected * 0.02)
      assert.isAbove(largest, 3.5 * expected)
    })
  )

  it.effect("biases are zero, but for PyTorch's", () =>
    Effect.gen(function* () {
      const glorot = moments((yield* begun("glorot-uniform")).get("fc1.bias")?.data ?? [])
      assert.strictEqual(glorot.largest, 0)
      const bias = moments((yield* begun("pytorch")).get("fc1.bias")?.data ?? [])
      assert.isAtMost(bias.largest, 1 / Math.sqrt(1800))
      assert.isAbove(bias.largest, 0.8 / Math.sqrt(1800))
      assert.strictEqual(moments((yield* begun("zeros")).get("fc1.weight")?.data ?? [1]).largest, 0)
    })
  )

  it.effect("batch normalisation begins as the identity", () =>
    Effect.gen(function* () {
      const weights = yield* begun("pytorch")
      const first = (name: string) => weights.get(name)?.data[0]
      assert.deepStrictEqual(
        ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"].map(first),
        [1, 0, 0, 1]
      )
    })
  )

  it.effect("are a function of the seed", () =>
    Effect.gen(function* () {
      const [a, b, c] = [yield* begun("pytorch", 1), yield* begun("pytorch", 1), yield* begun("pytorch", 2)]
      assert.deepStrictEqual(a, b)
      assert.notDeepEqual(a.get("conv1.weight"), c.get("conv1.weight"))
      assert.notDeepEqual(a.get("conv1.weight")?.data[0], a.get("fc1.weight")?.data[0])
    })
  )

  it.effect("fit the network they are for, in its order, and are golden", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(knownNetworks["course-cnn"])
      const weights = initialise(network, { seed: 42 })
      const expected = { ...network.parameters, ...network.statistics }
      assert.deepStrictEqual([...weights.keys()], Object.keys(expected))
      for (const [name, { dtype, shape, data }] of weights) {
        assert.deepStrictEqual({ dtype, shape }, expected[name], name)
        assert.strictEqual(
          data.length,
          shape.reduce((a, b) => a * b, 1)
        )
      }
      const begins = (name: string) => [...(weights.get(name)?.data.slice(0, 2) ?? [])]
      assert.deepStrictEqual(begins("conv1.weight"), [0.004433825612068176, 0.45285260677337646])
      assert.deepStrictEqual(begins("fc3.bias"), [-0.07459607720375061, -0.06441562622785568])
    })
  )
})
