import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { TensorData } from "../../../../src/artifact/tensor-data.ts"
import { initialise } from "../../../../src/tensor/network/initialise.ts"
import { type LayerDescription, makeNetwork } from "../../../../src/tensor/network/network.ts"
import { exportWeights } from "../../../../src/tensor/network/weights/export-weights.ts"
import { importWeights } from "../../../../src/tensor/network/weights/import-weights.ts"
import type { NameTable } from "../../../../src/tensor/network/weights/match-names.ts"
import type { WeightLayout } from "../../../../src/tensor/network/weights/tensor-layout.ts"

const layers: ReadonlyArray<LayerDescription> = [
  { type: "input", shape: [6, 5, 2] },
  { type: "conv2d", filters: 3, kernelSize: [2, 1], init: "pytorch" },
  { type: "depthwiseConv2d", depthMultiplier: 2, kernelSize: [1, 2], init: "pytorch" },
  { type: "batchNorm" },
  { type: "flatten" },
  { type: "batchNorm" },
  { type: "dense", units: 4, init: "pytorch" },
  { type: "dense", units: 4, useBias: false, init: "pytorch" },
  { type: "dense", units: 4, useBias: false, init: "pytorch" }
]
const mixed = makeNetwork({ name: "mixed", layers })

const ramp = (...shape: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
})

const renamed = (tensors: ReadonlyMap<string, TensorData>, table: NameTable) =>
  new Map(
    [...tensors].map(([name, tensor]) => {
      const at = name.lastIndexOf(".")
      return [`${table[name.slice(0, at)] ?? name.slice(0, at)}${name.slice(at)}`, tensor] as const
    })
  )

/** Names as of a `Sequential`: numbers that leave gaps. */
const sequential = {
  conv1: "net.0",
  depthwise1: "net.3",
  bn1: "net.4",
  bn2: "net.6",
  fc1: "net.8",
  fc2: "net.9",
  fc3: "net.10"
}

describe("importing weights", () => {
  it.effect.each(["native", "pytorch"] as const)(
    "%s: what was exported comes back, whatever it holds",
    (layout: WeightLayout) =>
      Effect.gen(function* () {
        const network = yield* mixed
        for (const seed of fc.sample(fc.integer({ min: 0, max: 2 ** 40 }), { numRuns: 20, seed: 3 })) {
          const weights = initialise(network, { seed })
          const there = yield* exportWeights(network, weights, layout)
          assert.deepStrictEqual(yield* importWeights(network, there, { layout }), weights)
        }
      })
  )

  it.effect("brings PyTorch's orders into ours", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({
        name: "orders",
        layers: [
          { type: "input", shape: [3, 3, 2] },
          { type: "conv2d", filters: 3, kernelSize: [2, 2], useBias: false },
          { type: "flatten" },
          { type: "dense", units: 2, useBias: false }
        ]
      })
      const weights = yield* importWeights(
        network,
        new Map([
          ["conv1.weight", ramp(3, 2, 2, 2)],
          ["fc1.weight", ramp(2, 12)]
        ]),
        { layout: "pytorch" }
      )
      // [height, width, in, out] out of [out, in, height, width]: neighbours are filters, 8 apart.
      assert.deepStrictEqual(
        [...(weights.get("conv1.weight")?.data.slice(0, 9) ?? [])],
        [0, 8, 16, 4, 12, 20, 1, 9, 17]
      )
      // Two units side by side, 12 apart; then the next channel of the same pixel, 4 apart.
      assert.deepStrictEqual(
        [...(weights.get("fc1.weight")?.data.slice(0, 8) ?? [])],
        [0, 12, 4, 16, 8, 20, 1, 13]
      )
      assert.deepStrictEqual(weights.get("conv1.weight")?.shape, [2, 2, 2, 3])
    })
  )

  it.effect(
    "finds layers of other names by shape, and alike ones by their numbers, in any order of the file",
    () =>
      Effect.gen(function* () {
        const network = yield* mixed
        const weights = initialise(network, { seed: 1 })
        const there = renamed(yield* exportWeights(network, weights, "pytorch"), sequential)
        const counter: TensorData = { dtype: "U8", shape: [8], data: new Uint8Array(8) }
        const sorted = [...there, ["net.4.num_batches_tracked", counter] as const].sort(([a], [b]) =>
          a < b ? -1 : 1
        )
        assert.deepStrictEqual(yield* importWeights(network, new Map(sorted), { layout: "pytorch" }), weights)
      })
  )

  it.effect("takes names where it would have to guess", () =>
    Effect.gen(function* () {
      const network = yield* mixed
      const weights = initialise(network, { seed: 1 })
      const there = renamed(weights, { fc2: "body", fc3: "head" })
      const error = yield* Effect.flip(importWeights(network, there, { layout: "native" }))
      assert.strictEqual(error.problem, "ambiguous")
      assert.strictEqual(
        error.message,
        "weights for network `mixed`: `body` and `head` have the same shapes, and no numbers that order them; the network wants fc2.weight [4, 4], fc3.weight [4, 4]; given are body.weight [4, 4], head.weight [4, 4]"
      )
      assert.strictEqual(error.hint, 'say which is which: names: { fc2: "body", … }')
      const names = { fc2: "body" }
      assert.deepStrictEqual(yield* importWeights(network, there, { layout: "native", names }), weights)
      const swapped = yield* importWeights(network, there, {
        layout: "native",
        names: { "fc2.weight": "head.weight" }
      })
      assert.deepStrictEqual(swapped.get("fc2.weight"), weights.get("fc3.weight"))
    })
  )

  it.effect("rounds doubles", () =>
    Effect.gen(function* () {
      const network = yield* mixed
      const weights = initialise(network, { seed: 1 })
      const doubles = new Map(
        [...weights].map(([name, { shape, data }]) => [
          name,
          { dtype: "F64", shape, data: Float64Array.from(data, (value) => value * (1 + 1e-12)) } as const
        ])
      )
      assert.deepStrictEqual(yield* importWeights(network, doubles, { layout: "native" }), weights)
    })
  )
})

describe("weights that do not fit are refused", () => {
  type Change = (weights: Map<string, TensorData>) => void
  const cases: ReadonlyArray<
    readonly [name: string, change: Change, problem: string, says: string, names?: NameTable]
  > = [
    [
      "a missing tensor",
      (weights) => weights.delete("fc1.bias"),
      "missing",
      "one tensor missing; the network wants fc1.bias [4]"
    ],
    [
      "a tensor too many",
      (weights) => weights.set("fc9.weight", ramp(2)),
      "extra",
      "one tensor too many; given are fc9.weight [2]"
    ],
    [
      "another width",
      (weights) => weights.set("fc2.weight", ramp(4, 5)),
      "misshapen",
      "`fc2.weight` has the wrong shape; the network wants fc2.weight [4, 4]; given are fc2.weight [4, 5]"
    ],
    [
      "another network",
      (weights) => {
        weights.delete("conv1.weight")
        weights.delete("conv1.bias")
        weights.set("stem.weight", ramp(7))
      },
      "mismatch",
      "found no counterpart"
    ],
    [
      "a NaN",
      (weights) =>
        weights.set("fc2.weight", { ...ramp(4, 4), data: new Float32Array(16).fill(Number.NaN, 5) }),
      "not-finite",
      "element 5 of `fc2.weight` is NaN"
    ],
    [
      "a double too large for a float",
      (weights) =>
        weights.set("fc2.weight", { dtype: "F64", shape: [4, 4], data: new Float64Array(16).fill(1e300) }),
      "not-finite",
      "element 0 of `fc2.weight` is 1e+300"
    ],
    [
      "whole numbers",
      (weights) => weights.set("fc2.weight", { dtype: "I32", shape: [4, 4], data: new Int32Array(16) }),
      "element-type",
      "`fc2.weight` is I32"
    ],
    [
      "names of nothing given",
      () => {},
      "missing",
      "`names` says that `fc2.weight` is `fx2.weight`, which is not given",
      { fc2: "fx2" }
    ],
    [
      "names of no layer",
      () => {},
      "missing",
      "`names` speaks of `fd2`, which the network does not have",
      { fd2: "fc2" }
    ],
    [
      "a name used twice",
      () => {},
      "missing",
      "`names` uses `fc2.weight` twice",
      { fc2: "fc2", "fc3.weight": "fc2.weight" }
    ]
  ]
  it.effect.each(cases)("%s", ([, change, problem, says, names]) =>
    Effect.gen(function* () {
      const network = yield* mixed
      const weights = initialise(network, { seed: 1 })
      change(weights)
      const error = yield* Effect.flip(
        importWeights(network, weights, { layout: "native", ...(names === undefined ? {} : { names }) })
      )
      assert.strictEqual(error.problem, problem)
      assert.include(error.message, says)
      assert.isAbove(error.hint.length, 10)
    })
  )

  it.effect("the other layout", () =>
    Effect.gen(function* () {
      const network = yield* mixed
      const weights = initialise(network, { seed: 1 })
      const error = yield* Effect.flip(importWeights(network, weights, { layout: "pytorch" }))
      assert.strictEqual(error.problem, "misshapen")
      assert.include(error.hint, "is the `layout` right")
    })
  )
})
