import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { drawMasks, maskSignature } from "../../../src/tensor/network/masks.ts"
import { makeNetwork } from "../../../src/tensor/network/network.ts"

const twoDropouts = makeNetwork({
  name: "two",
  layers: [
    { type: "input", shape: [10, 10, 3] },
    { type: "dropout", rate: 0.2 },
    { type: "dropout", name: "never", rate: 0 },
    { type: "flatten" },
    { type: "dense", units: 300 },
    { type: "dropout", name: "late", rate: 0.5 },
    { type: "dense", units: 2 }
  ]
})

describe("dropout masks", () => {
  it.effect("have the signature that the network says", () =>
    Effect.gen(function* () {
      const network = yield* twoDropouts
      const signature = maskSignature(network, 40)
      assert.deepStrictEqual(signature, {
        "dropout1.mask": { dtype: "F32", shape: [40, 10, 10, 3] },
        "late.mask": { dtype: "F32", shape: [40, 300] }
      })
      const masks = drawMasks(network, 40, { seed: 1, step: 0 })
      assert.deepStrictEqual(
        Object.entries(masks).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
        Object.entries(signature)
      )
    })
  )

  it.effect("are zero at the layer's rate and keep the mean", () =>
    Effect.gen(function* () {
      const masks = drawMasks(yield* twoDropouts, 40, { seed: 1, step: 0 })
      for (const [name, rate] of [
        ["dropout1.mask", 0.2],
        ["late.mask", 0.5]
      ] as const) {
        const values = [...(masks[name]?.data ?? [])]
        assert.deepStrictEqual([...new Set(values)].sort(), [0, Math.fround(1 / (1 - rate))])
        // 12,000 draws: five standard deviations are 0.02 at most.
        assert.closeTo(values.filter((value) => value === 0).length / values.length, rate, 0.02)
      }
    })
  )

  it.effect("differ by seed, step and layer, and do not by anything else", () =>
    Effect.gen(function* () {
      // Of one rate, so that equal numbers would be equal masks.
      const network = yield* makeNetwork({
        name: "alike",
        layers: [
          { type: "input", shape: [8, 8, 1] },
          { type: "dropout", rate: 0.5 },
          { type: "flatten" },
          { type: "dropout", rate: 0.5 },
          { type: "dense", units: 2 }
        ]
      })
      const draw = (seed: number, step: number, batch = 4) => drawMasks(network, batch, { seed, step })
      assert.deepStrictEqual(draw(1, 5), draw(1, 5))
      assert.notDeepEqual(draw(1, 5), draw(2, 5))
      // No step's masks are another's, of the same layer or of another.
      const seen = new Set<string>()
      for (let step = 0; step < 20; step++) {
        for (const { data } of Object.values(draw(1, step))) {
          seen.add(Array.from(data.slice(0, 64), (value) => (value === 0 ? 0 : 1)).join(""))
        }
      }
      assert.strictEqual(seen.size, 40)
    })
  )

  it.effect("of a smaller batch are the first rows of a larger one's", () =>
    Effect.gen(function* () {
      const network = yield* twoDropouts
      const [large, small] = [8, 3].map((batch) => drawMasks(network, batch, { seed: 7, step: 2 }))
      for (const name of ["dropout1.mask", "late.mask"]) {
        const rows = small?.[name]?.data ?? new Float32Array()
        assert.isAbove(rows.length, 0)
        assert.deepStrictEqual(large?.[name]?.data.slice(0, rows.length), rows)
      }
    })
  )
})
