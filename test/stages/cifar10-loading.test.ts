import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { recordBytes } from "../../src/data/cifar10-binary.ts"
import { loadCifar10 } from "../../stages/load-cifar10.ts"
import { loadCifar10Copy } from "../../stages/load-cifar10-copy.ts"
import { loadSyntheticShapes } from "../../stages/load-synthetic-shapes.ts"
import { recorded } from "./recorded.ts"

const batch = (value: number) => {
  const bytes = new Uint8Array(10_000 * recordBytes).fill(value)
  for (let record = 0; record < 10_000; record++) bytes[record * recordBytes] = record % 10
  return bytes
}

describe("load-cifar10", () => {
  const { layer, metrics } = recorded(new Map([["test_batch.bin", batch(9)]]))
  const load = (limit: number) =>
    loadCifar10.execute({}, { split: "test", limit }).pipe(Effect.provide(layer))

  it.effect("gives the first images, as bytes, with their classes' names", () =>
    Effect.gen(function* () {
      const data = yield* load(12)
      assert.deepStrictEqual(
        [data.count, data.info.name, data.info.classes[7]],
        [12, "CIFAR-10 test", "horse"]
      )
      const { images, labels } = yield* data.rawRows(10, 12)
      assert.deepStrictEqual([...labels], [0, 1])
      assert.deepStrictEqual([images.length, images[0]], [2 * 3072, 9])
      assert.deepStrictEqual(metrics, { images: 12 })
    })
  )

  it.effect("says so when fewer images are there than were asked for", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load(10_001))
      assert.strictEqual(error.message, "CIFAR-10 test has 10000 images, fewer than the 10001 asked for")
    })
  )

  it.effect("fails with the source's own words when there is no data", () =>
    Effect.gen(function* () {
      const error = yield* loadCifar10
        .execute({}, { split: "train", limit: 1 })
        .pipe(Effect.provide(recorded().layer), Effect.flip)
      assert.match(error.message, /^CIFAR-10: `cifar-10-binary.tar.gz` could not be had/)
    })
  )
})

describe("load-cifar10-copy", () => {
  const place = mkdtempSync(join(tmpdir(), "copy-"))
  afterAll(() => rmSync(place, { recursive: true }))
  const [one, two, torn] = ["one.bin", "two.bin", "torn.bin"].map((name) => join(place, name))
  for (const [at, path] of [one, two, torn].entries()) writeFileSync(path ?? "", batch(at + 1))
  truncateSync(torn ?? "", 4000)

  const load = (paths: ReadonlyArray<string | undefined>, limit: number) => {
    const [first = null, second = null] = paths
    return loadCifar10Copy
      .execute(
        {},
        {
          name: "cifar10-other",
          split: "train",
          files: { first, second, third: null, fourth: null, fifth: null },
          limit
        }
      )
      .pipe(Effect.provide(recorded().layer))
  }

  it.effect("reads one file after the other, under the copy's own name", () =>
    Effect.gen(function* () {
      const data = yield* load([one, two], 10_002)
      assert.deepStrictEqual([data.count, data.info.name], [10_002, "cifar10-other train"])
      assert.deepStrictEqual(data.info.notes, { copyOf: "CIFAR-10", split: "train", generated: false })
      const { images, labels } = yield* data.rawRows(9_999, 10_002)
      assert.deepStrictEqual([...labels], [9, 0, 1])
      assert.deepStrictEqual([images[0], images[3072]], [1, 2])
    })
  )

  it.effect("refuses a file of another length without reading it, and too few files", () =>
    Effect.gen(function* () {
      const cut = yield* Effect.flip(load([torn], 1))
      assert.match(cut.message, /torn\.bin: has 4000 bytes, not the 30730000 of 10000 records of 3073/)
      const few = yield* Effect.flip(load([one], 10_001))
      assert.strictEqual(
        few.message,
        "the files of cifar10-other have 10000 images, fewer than the 10001 asked for"
      )
    })
  )

  it("names its files as part of the key", () => {
    assert.deepStrictEqual(
      [...(loadCifar10Copy.meta.options.fileParams ?? [])],
      ["files.first", "files.second", "files.third", "files.fourth", "files.fifth"]
    )
  })
})

describe("load-synthetic-shapes", () => {
  it.effect("draws rows when they are asked for; a larger count only adds rows", () =>
    Effect.gen(function* () {
      const { layer, metrics, progress } = recorded()
      const load = (count: number) =>
        loadSyntheticShapes.execute({}, { split: "train", count, seed: 4 }).pipe(Effect.provide(layer))
      const few = yield* load(20)
      assert.deepStrictEqual([few.count, few.info.name], [20, "synthetic-shapes train"])
      assert.deepStrictEqual(progress, [], "nothing is drawn before it is needed")
      assert.deepStrictEqual(yield* few.rawRows(7, 20), yield* (yield* load(40)).rawRows(7, 20))
      assert.deepStrictEqual(metrics, { images: 40 })
    })
  )
})
