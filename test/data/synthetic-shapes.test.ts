import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { syntheticShapes, syntheticShapesInfo } from "../../src/data/synthetic-shapes.ts"

const train = { seed: 1, split: "train" } as const
const size = 32 * 32 * 3
const image = (images: Uint8Array | Float32Array, row: number) => images.slice(row * size, (row + 1) * size)

describe("synthetic shapes", () => {
  it("have the bytes that they had when this was written", () => {
    const { images, labels } = syntheticShapes(train, 0, 50)
    assert.strictEqual(
      digestOf(Uint8Array.from(images)),
      "7daef17edb2dfeb8d039d59a23a917a8f0a51528bad576952f8101edae9abaab"
    )
    assert.deepStrictEqual([...labels.subarray(0, 10)], [8, 4, 6, 2, 3, 5, 9, 1, 0, 7])
    assert.strictEqual(syntheticShapesInfo(train).classes.length, 10)
  })

  const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
  const Length = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
  it.prop("are the same in every range that holds them", [Place, Length, Place], ([from, length, seed]) => {
    const set = { seed, split: "test" } as const
    const whole = syntheticShapes(set, from, from + length)
    const last = syntheticShapes(set, from + length - 1, from + length)
    assert.deepStrictEqual(image(last.images, 0), image(whole.images, length - 1))
    assert.strictEqual(last.labels[0], whole.labels[length - 1])
  })

  it("hold each figure once in every block of ten", () => {
    const { labels } = syntheticShapes({ seed: 9, split: "train" }, 0, 50)
    for (let block = 0; block < 5; block++)
      assert.deepStrictEqual(
        [...labels.subarray(10 * block, 10 * block + 10)].sort(),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      )
  })

  it("never repeat an image, within a split or between splits and seeds", () => {
    const sets = [train, { seed: 1, split: "test" }, { seed: 2, split: "train" }] as const
    const seen = new Set<string>()
    for (const set of sets) {
      const { images } = syntheticShapes(set, 0, 100)
      for (let row = 0; row < 100; row++) seen.add(digestOf(Uint8Array.from(image(images, row))))
    }
    assert.strictEqual(seen.size, 300)
  })

  it("cannot be told by their mean colour", () => {
    const { images, labels } = syntheticShapes(train, 0, 400)
    const sums = new Float64Array(10)
    for (const [at, value] of images.entries()) {
      const label = labels[Math.floor(at / size)] ?? 0
      sums[label] = (sums[label] ?? 0) + value / (40 * size)
    }
    assert.isBelow(Math.max(...sums) - Math.min(...sums), 40)
  })
})
