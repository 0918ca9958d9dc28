import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decode } from "fast-png"
import { digestOf } from "../../src/artifact/digest.ts"
import { drawGrid } from "../../src/data/picture.ts"

const grid = {
  shape: [1, 2, 1],
  rows: [[Float32Array.of(0, 1)], [undefined, Float32Array.of(1, 0.5)]],
  scale: 1
} as const

describe("a grid of images", () => {
  it.effect("shows every pixel where it belongs", () =>
    Effect.gen(function* () {
      const { width, height, data, channels } = decode(yield* drawGrid(grid))
      assert.deepStrictEqual([width, height, channels], [10, 8, 1])
      const pixel = (x: number, y: number) => data[y * width + x]
      assert.deepStrictEqual([pixel(2, 2), pixel(3, 2)], [0, 255])
      assert.deepStrictEqual([pixel(6, 5), pixel(7, 5)], [255, 128])
      // Between the images, and where there is none.
      assert.deepStrictEqual([pixel(0, 0), pixel(6, 2), pixel(2, 5)], [64, 64, 64])
    })
  )

  it.effect("has the same bytes everywhere", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        digestOf(yield* drawGrid(grid)),
        "23dca5fb30b8203390818123743c88592ebe2b9176aecc7b9d3dbf114c73d97c"
      )
    })
  )

  it.effect("is scaled in whole pixels and keeps colours", () =>
    Effect.gen(function* () {
      const colour = { shape: [1, 1, 3], rows: [[Float32Array.of(1, 0, 0.2)]], scale: 3 } as const
      const { width, data } = decode(yield* drawGrid(colour))
      assert.strictEqual(width, 7)
      const last = 3 * (4 * 7 + 4)
      assert.deepStrictEqual([...data.subarray(last, last + 3)], [255, 0, 51])
    })
  )

  it.effect("cannot be made of images with two channels", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(drawGrid({ shape: [1, 1, 2], rows: [], scale: 1 }))
      assert.strictEqual(error.message, "images with 2 channels cannot be drawn; 1 (grey) and 3 (colour) can")
    })
  )
})
