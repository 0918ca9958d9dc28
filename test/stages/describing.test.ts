import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decode } from "fast-png"
import { classCounts } from "../../stages/class-counts.ts"
import { contactSheet } from "../../stages/contact-sheet.ts"
import { duplicates } from "../../stages/duplicates.ts"
import { meanImages } from "../../stages/mean-images.ts"
import { pixelStatistics } from "../../stages/pixel-statistics.ts"
import { dataset, recorded } from "./recorded.ts"

const data = dataset([
  [0, [0, 255]],
  [1, [51, 51]],
  [0, [0, 0]]
])

/** The PNG's pixels between the lines, as numbers of the rows. */
const pixelsOf = (png: Uint8Array | undefined) => {
  assert.isDefined(png)
  const { width, height, data: pixels } = decode(png)
  return Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)])
}

describe("class-counts", () => {
  it.effect("counts each set in columns of its own, classes without images too", () =>
    Effect.gen(function* () {
      const { layer, metrics, progress } = recorded()
      const other = dataset([[2, [0, 0]]], { name: "other", classes: ["a", "b", "z"] })
      const table = yield* classCounts
        .execute({ sets: { train: data, test: other } }, {})
        .pipe(Effect.provide(layer))
      assert.strictEqual(table.title, "Images per class: tiny; other")
      assert.deepStrictEqual(
        table.columns.map(({ name }) => name),
        ["class", "train", "train share", "test", "test share"]
      )
      assert.deepStrictEqual(table.rows, [
        ["a", 2, 2 / 3, 0, 0],
        ["b", 1, 1 / 3, 0, 0],
        ["c", 0, 0, null, null],
        ["z", null, null, 1, 1]
      ])
      assert.deepStrictEqual(metrics, {
        train_smallest_class: 0,
        train_largest_class: 2,
        test_smallest_class: 0,
        test_largest_class: 1
      })
      assert.deepStrictEqual(progress, [
        [3, 3, "images"],
        [1, 1, "images"]
      ])
    })
  )
})

describe("pixel-statistics", () => {
  it.effect("describes all images, then those of each class", () =>
    Effect.gen(function* () {
      const { layer, metrics } = recorded()
      const table = yield* pixelStatistics.execute({ data }, {}).pipe(Effect.provide(layer))
      const round = (cell: unknown) => (typeof cell === "number" ? Math.round(cell * 1e4) / 1e4 : cell)
      assert.deepStrictEqual(
        table.rows.map((row) => row.map(round)),
        [
          ["all", 3, 0.2333, 0.3543, 0, 1, 0.5],
          ["a", 2, 0.25, 0.433, 0, 1, 0.75],
          ["b", 1, 0.2, 0, 0.2, 0.2, 0],
          ["c", 0, null, null, null, null, null]
        ]
      )
      assert.deepStrictEqual(Object.keys(metrics), ["pixel_mean", "pixel_std", "zero_pixel_share"])
    })
  )
})

describe("mean-images", () => {
  it.effect("draws the mean of each class and leaves an empty class blank", () =>
    Effect.gen(function* () {
      const figure = yield* meanImages.execute({ data }, { scale: 1 }).pipe(Effect.provide(recorded().layer))
      const line = 64
      const blank = 64
      assert.deepStrictEqual(pixelsOf(figure.png)[2], [
        ...[line, line, 0, 128],
        ...[line, line, 51, 51],
        ...[line, line, blank, blank, line, line]
      ])
      assert.match(figure.description, /a \(2\), b \(1\), c \(0\)$/)
    })
  )
})

describe("contact-sheet", () => {
  it.effect("shows the first images of each class, a class to a row", () =>
    Effect.gen(function* () {
      const more = dataset([
        [0, [1, 1]],
        [0, [2, 2]],
        [0, [3, 3]],
        [2, [4, 4]]
      ])
      const figure = yield* contactSheet
        .execute({ data: more }, { perClass: 2, scale: 1 })
        .pipe(Effect.provide(recorded().layer))
      const pixels = pixelsOf(figure.png)
      assert.deepStrictEqual(pixels[2], [64, 64, 1, 1, 64, 64, 2, 2, 64, 64])
      assert.deepStrictEqual(pixels[5], [64, 64, 64, 64, 64, 64, 64, 64, 64, 64])
      assert.deepStrictEqual(pixels[8], [64, 64, 4, 4, 64, 64, 64, 64, 64, 64])
    })
  )
})

describe("duplicates", () => {
  it.effect("finds images that repeat, and those whose label changed", () =>
    Effect.gen(function* () {
      const { layer, metrics } = recorded()
      const train = dataset([
        [0, [1, 2]],
        [1, [3, 4]],
        [0, [1, 2]],
        [2, [1, 2]]
      ])
      const test = dataset([
        [0, [9, 9]],
        [2, [3, 4]]
      ])
      const table = yield* duplicates.execute({ train, test }, {}).pipe(Effect.provide(layer))
      assert.deepStrictEqual(table.rows, [
        ["within train", 2, 0.5, 1, "train 2 is train 0"],
        ["within test", 0, 0, 0, null],
        ["test images in train", 1, 0.5, 1, "test 1 is train 1"]
      ])
      assert.deepStrictEqual(metrics, {
        duplicates_in_train: 2,
        duplicates_in_test: 0,
        test_images_in_train: 1
      })
    })
  )
})
