import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { loadMnist } from "../../stages/load-mnist.ts"
import { loadSyntheticDigits } from "../../stages/load-synthetic-digits.ts"
import { recorded } from "./recorded.ts"

/** The test split's files: blank images, and the labels 0, 1, 2 … */
const files = (labelCount = 10_000) => {
  const images = Buffer.alloc(16 + 10_000 * 784, 7)
  for (const [at, value] of [0x803, 10_000, 28, 28].entries()) images.writeUInt32BE(value, 4 * at)
  const labels = Buffer.from([
    0,
    0,
    8,
    1,
    0,
    0,
    0,
    0,
    ...Array.from({ length: labelCount }, (_, i) => i % 10)
  ])
  labels.writeUInt32BE(labelCount, 4)
  return new Map([
    ["t10k-images-idx3-ubyte", images],
    ["t10k-labels-idx1-ubyte", labels]
  ])
}

describe("load-mnist", () => {
  it.effect("gives a whole split, or its first images", () =>
    Effect.gen(function* () {
      const { layer, metrics } = recorded(files())
      const load = (limit: number | null) =>
        loadMnist.execute({}, { split: "test", limit }).pipe(Effect.provide(layer))
      assert.strictEqual((yield* load(null)).count, 10_000)
      const first = yield* load(12)
      assert.deepStrictEqual([first.count, first.info.name], [12, "MNIST test"])
      const { images, labels } = yield* first.rawRows(10, 12)
      assert.deepStrictEqual([...labels], [0, 1])
      assert.deepStrictEqual([images.length, images[0]], [2 * 784, 7])
      assert.deepStrictEqual(metrics, { images: 12 })
    })
  )

  it.effect("says so when fewer images are there than were asked for", () =>
    Effect.gen(function* () {
      const error = yield* loadMnist
        .execute({}, { split: "test", limit: 10_001 })
        .pipe(Effect.provide(recorded(files()).layer), Effect.flip)
      assert.strictEqual(error.message, "MNIST test has 10000 images, fewer than the 10001 asked for")
    })
  )

  it.effect("refuses files that do not belong together", () =>
    Effect.gen(function* () {
      const error = yield* loadMnist
        .execute({}, { split: "test", limit: 1 })
        .pipe(Effect.provide(recorded(files(9_999)).layer), Effect.flip)
      assert.strictEqual(error.message, "t10k-labels-idx1-ubyte: has shape [9999], not [10000]")
    })
  )

  it.effect("fails with the source's own words when there is no data", () =>
    Effect.gen(function* () {
      const error = yield* loadMnist
        .execute({}, { split: "train", limit: null })
        .pipe(Effect.provide(recorded().layer), Effect.flip)
      assert.strictEqual(error._tag, "DataUnavailable")
      assert.match(error.message, /^MNIST: `train-images-idx3-ubyte` could not be had/)
    })
  )
})

describe("load-synthetic-digits", () => {
  const params = { split: "train", count: 30, seed: 4 } as const

  it.effect("draws rows when they are asked for, and counts them", () =>
    Effect.gen(function* () {
      const { layer, metrics, progress } = recorded()
      const data = yield* loadSyntheticDigits.execute({}, params).pipe(Effect.provide(layer))
      assert.deepStrictEqual([data.count, data.info.name], [30, "synthetic-digits train"])
      assert.deepStrictEqual(data.info.notes, { seed: 4, split: "train", generated: true })
      assert.deepStrictEqual(progress, [], "nothing is drawn before it is needed")
      const { labels } = yield* data.rawRows(0, 10)
      assert.deepStrictEqual([...labels].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      assert.deepStrictEqual(progress, [[10, 30, "images"]])
      assert.deepStrictEqual(metrics, { images: 30 })
    })
  )

  it.effect("with a larger count, only adds rows", () =>
    Effect.gen(function* () {
      const { layer } = recorded()
      const load = (count: number) => loadSyntheticDigits.execute({}, { ...params, count })
      const [few, many] = yield* Effect.all([load(30), load(300)]).pipe(Effect.provide(layer))
      assert.deepStrictEqual(yield* few.rawRows(7, 30), yield* many.rawRows(7, 30))
    })
  )
})
