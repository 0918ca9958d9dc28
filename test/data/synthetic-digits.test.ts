import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { syntheticDigits } from "../../src/data/synthetic-digits.ts"

const train = { seed: 1, split: "train" } as const
const image = (images: Uint8Array | Float32Array, row: number) => images.slice(row * 784, (row + 1) * 784)

describe("synthetic digits", () => {
  it("have the bytes that they had when this was written", () => {
    const { images, labels } = syntheticDigits(train, 0, 100)
    assert.strictEqual(
      digestOf(Uint8Array.from(images)),
      "a3016a445b8bed922da2cb49932b1465c9a53b155c19958c1529da925f998c14"
    )
    assert.deepStrictEqual([...labels.subarray(0, 10)], [4, 7, 9, 6, 0, 1, 2, 5, 3, 8])
  })

  const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
  const Length = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 25 }))
  it.prop("are the same in every range that holds them", [Place, Length, Place], ([from, length, seed]) => {
    const set = { seed, split: "test" } as const
    const whole = syntheticDigits(set, from, from + length)
    const last = syntheticDigits(set, from + length - 1, from + length)
    assert.deepStrictEqual(image(last.images, 0), image(whole.images, length - 1))
    assert.strictEqual(last.labels[0], whole.labels[length - 1])
  })

  it("hold each digit once in every block of ten", () => {
    const { labels } = syntheticDigits({ seed: 9, split: "train" }, 0, 200)
    for (let block = 0; block < 20; block++) {
      const digits = [...labels.subarray(10 * block, 10 * block + 10)].sort()
      assert.deepStrictEqual(digits, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }
  })

  it("never repeat an image, within a split or between splits and seeds", () => {
    const sets = [train, { seed: 1, split: "test" }, { seed: 2, split: "train" }] as const
    const seen = new Set<string>()
    for (const set of sets) {
      const { images } = syntheticDigits(set, 0, 1000)
      for (let row = 0; row < 1000; row++) seen.add(digestOf(Uint8Array.from(image(images, row))))
    }
    assert.strictEqual(seen.size, 3000)
  })

  it("leave the paper blank, stay off the edge and use the whole scale of grey", () => {
    const { images } = syntheticDigits(train, 0, 1000)
    let [zeros, edge, darkest] = [0, 0, 0]
    for (const [at, pixel] of images.entries()) {
      const [x, y] = [at % 28, Math.floor(at / 28) % 28]
      if (pixel === 0) zeros++
      else if (x === 0 || y === 0 || x === 27 || y === 27) edge++
      darkest = Math.max(darkest, pixel)
    }
    assert.closeTo(zeros / images.length, 0.8, 0.04)
    assert.isBelow(edge / images.length, 0.001)
    assert.strictEqual(darkest, 255)
  })
})
