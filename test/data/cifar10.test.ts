import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { cifarArchive, readCifar10 } from "../../src/data/cifar10.ts"
import { recordBytes } from "../../src/data/cifar10-binary.ts"
import { type DataFile, DataSource, DataUnavailable } from "../../src/data/data-source.ts"
import { dataSourceLive } from "../../src/data/data-source-live.ts"
import { tarOf } from "./tar-of.ts"

/** A file of 10,000 records: labels in turn from `first` on, and pixels of `value`. */
const batch = (first: number, value: number) => {
  const bytes = new Uint8Array(10_000 * recordBytes).fill(value)
  for (let record = 0; record < 10_000; record++) bytes[record * recordBytes] = (first + record) % 10
  return bytes
}

/** Only these files are there to be had, and what is asked for is written down. */
const having = (files: { readonly [name: string]: Uint8Array }) => {
  const asked: Array<string> = []
  const file = (dataset: string, { name }: DataFile) => {
    asked.push(name)
    const content = files[name]
    return content === undefined
      ? Effect.fail(
          new DataUnavailable({ dataset, file: name, tried: [{ place: name, result: "is not there" }] })
        )
      : Effect.succeed(content)
  }
  return { asked, layer: Layer.succeed(DataSource, { file }) }
}

describe("CIFAR-10", () => {
  it.effect("comes from unpacked files, as many as the images asked for need", () =>
    Effect.gen(function* () {
      const { asked, layer } = having({ "data_batch_1.bin": batch(0, 1), "data_batch_2.bin": batch(3, 2) })
      const { images, labels } = yield* readCifar10("train", 10_002).pipe(Effect.provide(layer))
      assert.deepStrictEqual(asked, ["data_batch_1.bin", "data_batch_2.bin"])
      assert.strictEqual(images.length, 10_002 * 3072)
      assert.deepStrictEqual([...labels.subarray(9_999)], [9, 3, 4])
      assert.deepStrictEqual([images[0], images.at(-1)], [1, 2])
    })
  )

  it.effect("comes from the archive where an unpacked file is missing", () =>
    Effect.gen(function* () {
      const archive = gzipSync(tarOf({ "cifar-10-batches-bin/test_batch.bin": batch(5, 9) }), { level: 1 })
      const { asked, layer } = having({ [cifarArchive.name]: archive })
      const { images, labels } = yield* readCifar10("test", 3).pipe(Effect.provide(layer))
      assert.deepStrictEqual(asked, ["test_batch.bin", "cifar-10-binary.tar.gz"])
      assert.deepStrictEqual([...labels], [5, 6, 7])
      assert.strictEqual(images.length, 3 * 3072)
    })
  )

  it.effect("that cannot be had is an error that names every place", () =>
    Effect.gen(function* () {
      const error = yield* readCifar10("test", 3).pipe(Effect.provide(having({}).layer), Effect.flip)
      assert.strictEqual(
        error.message,
        "CIFAR-10: `cifar-10-binary.tar.gz` could not be had; tried\n" +
          "  test_batch.bin: is not there\n  cifar-10-binary.tar.gz: is not there"
      )
    })
  )

  it.effect("is not taken from an archive that lacks its files, or is none", () =>
    Effect.gen(function* () {
      const from = (archive: Uint8Array) =>
        readCifar10("test", 3).pipe(
          Effect.provide(having({ [cifarArchive.name]: archive }).layer),
          Effect.flip,
          Effect.map(({ _tag }) => _tag)
        )
      assert.strictEqual(yield* from(gzipSync(tarOf({ other: "x" }))), "BadArchive")
      assert.strictEqual(yield* from(Buffer.from("<html>")), "GzipBroken")
      const bomb = gzipSync(Buffer.alloc(190_000_000), { level: 1 })
      assert.strictEqual(yield* from(bomb), "GzipTooLarge")
    })
  )

  it.effect("in the data directory is the published one or refused", () =>
    Effect.gen(function* () {
      const dataDir = mkdtempSync(join(tmpdir(), "cifar-"))
      const source = dataSourceLive({ dataDir, cacheDir: join(dataDir, "cache"), offline: true })
      const failure = readCifar10("test", 3).pipe(Effect.provide(source), Effect.flip)
      const missing = (yield* failure).message
      assert.match(missing, /has no test_batch\.bin, .*cifar-10-batches-bin\/test_batch\.bin\.gz/)
      assert.match(missing, /has no cifar-10-binary\.tar\.gz\n/)

      mkdirSync(join(dataDir, "cifar-10-batches-bin"))
      writeFileSync(join(dataDir, "cifar-10-batches-bin/test_batch.bin"), batch(0, 1))
      assert.match((yield* failure).message, /has content of MD5 [0-9a-f]{32}, not 803d5f7f4d78ea53/)

      rmSync(join(dataDir, "cifar-10-batches-bin"), { recursive: true })
      writeFileSync(join(dataDir, "cifar-10-binary.tar.gz"), gzipSync("short"))
      assert.match((yield* failure).message, /has 25 bytes of content, not 170052171/)
      rmSync(dataDir, { recursive: true })
    })
  )
})

describe("a file that is compared as it is published", () => {
  it.effect("is not decompressed, and its digest is that of the archive", () =>
    Effect.gen(function* () {
      const dataDir = mkdtempSync(join(tmpdir(), "archive-"))
      const packed = gzipSync("content")
      writeFileSync(join(dataDir, "a.tar.gz"), packed)
      const file: DataFile = {
        name: "a.tar.gz",
        aliases: [],
        asPublished: true,
        sha256: createHash("sha256").update(packed).digest("hex"),
        size: packed.length,
        mirrors: []
      }
      const source = dataSourceLive({ dataDir, cacheDir: join(dataDir, "cache"), offline: true })
      const found = yield* Effect.flatMap(DataSource, (each) => each.file("any", file)).pipe(
        Effect.provide(source)
      )
      rmSync(dataDir, { recursive: true })
      assert.deepStrictEqual(Buffer.from(found), packed)
    })
  )
})
