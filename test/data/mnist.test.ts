import { existsSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { dataSourceLive } from "../../src/data/data-source-live.ts"
import { readMnist } from "../../src/data/mnist.ts"

const dataDir = fileURLToPath(new URL("../../../shared/data", import.meta.url))
const present = existsSync(`${dataDir}/mnist/train-images-idx3-ubyte.gz`)
const why = present ? "" : ` SKIPPED: NO REAL MNIST IN ${dataDir}/mnist`

describe.skipIf(!present)(`the real MNIST${why}`, () => {
  const source = dataSourceLive({ dataDir, cacheDir: `${tmpdir()}/no-such-cache`, offline: true })
  const counts = (labels: Int32Array) => {
    const perDigit = new Array<number>(10).fill(0)
    for (const label of labels) perDigit[label] = (perDigit[label] ?? 0) + 1
    return perDigit
  }

  it.effect("has the images and labels that everybody knows", () =>
    Effect.gen(function* () {
      const train = yield* readMnist("train")
      assert.strictEqual(train.images.length, 60_000 * 784)
      assert.deepStrictEqual([...train.labels.subarray(0, 5)], [5, 0, 4, 1, 9])
      assert.deepStrictEqual(
        counts(train.labels),
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
      )
      const test = yield* readMnist("test")
      assert.strictEqual(test.images.length, 10_000 * 784)
      assert.deepStrictEqual([...test.labels.subarray(0, 5)], [7, 2, 1, 0, 4])
    }).pipe(Effect.provide(source))
  )

  it.effect("has the mean brightness that everybody normalises by", () =>
    Effect.gen(function* () {
      const { images } = yield* readMnist("train")
      let sum = 0
      for (const pixel of images) sum += pixel
      assert.closeTo(sum / images.length / 255, 0.1307, 0.0001)
    }).pipe(Effect.provide(source))
  )
})
