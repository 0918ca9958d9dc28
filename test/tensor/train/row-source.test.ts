import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import { rowSource } from "../../../src/tensor/train/row-source.ts"
import { corners } from "./small.ts"

const rowBytes = 36

/** A dataset of bytes that notes which rows were read. */
const watched = (count: number) => {
  const reads: Array<readonly [number, number]> = []
  const data = corners(count, 1)
  const dataset = Dataset.generate({
    info: data.info,
    count,
    dtype: "U8",
    rows: (from, to) => {
      reads.push([from, to])
      return data.rawRows(from, to)
    }
  })
  return { dataset, reads }
}

const batch = (count: number) => ({ images: new Float32Array(36 * count), labels: new Int32Array(count) })

describe("rows of a dataset", () => {
  it.effect.each([1e9, rowBytes * 20])(
    "come in the order asked for, as `rows` gives them (budget %d)",
    (budget) =>
      Effect.gen(function* () {
        const { dataset } = watched(50)
        const source = yield* rowSource(dataset, budget)
        const all = yield* dataset.rows(0, 50)
        const rows = Int32Array.of(49, 0, 17, 17, 30)
        const { images, labels } = batch(rows.length)
        yield* source.gather(rows, images, labels)
        for (const [at, row] of rows.entries()) {
          assert.deepStrictEqual(
            images.slice(36 * at, 36 * at + 36),
            all.images.slice(36 * row, 36 * row + 36)
          )
          assert.strictEqual(labels[at], all.labels[row])
        }
      })
  )

  it.effect("that fit the budget are read once for all epochs", () =>
    Effect.gen(function* () {
      const { dataset, reads } = watched(50)
      const source = yield* rowSource(dataset, rowBytes * 50)
      const { images, labels } = batch(50)
      for (const epoch of [0, 1]) yield* source.gather(source.order(1, epoch), images, labels)
      assert.deepStrictEqual(reads, [[0, 50]])
    })
  )

  it.effect("that do not are read once an epoch, block by block, and no more are held than the budget", () =>
    Effect.gen(function* () {
      const { dataset, reads } = watched(200)
      // 64 rows: sixteen blocks of four at a time.
      const source = yield* rowSource(dataset, rowBytes * 64)
      const order = source.order(1, 0)
      assert.deepStrictEqual(
        [...order].sort((a, b) => a - b),
        Array.from({ length: 200 }, (_, row) => row)
      )
      const { images, labels } = batch(10)
      for (let from = 0; from < 200; from += 10)
        yield* source.gather(order.subarray(from, from + 10), images, labels)
      assert.deepStrictEqual(
        [...reads].sort(([a], [b]) => a - b),
        Array.from({ length: 50 }, (_, i) => [4 * i, 4 * i + 4])
      )
      const firstWindow = new Set(order.subarray(0, 64))
      const blocks = new Set([...firstWindow].map((row) => Math.floor(row / 4)))
      assert.strictEqual(blocks.size, 16, "the first rows of the order are those of sixteen blocks")
      // The blocks of the first window have made room for later ones.
      reads.length = 0
      yield* source.gather(order.subarray(0, 10), images, labels)
      assert.isAbove(reads.length, 0)
      assert.notDeepEqual(source.order(1, 1), order)
      assert.deepStrictEqual(source.order(1, 0), order)
    })
  )

  it.effect("of a single row over the budget are read one by one", () =>
    Effect.gen(function* () {
      const { dataset } = watched(5)
      const source = yield* rowSource(dataset, 1)
      const { images, labels } = batch(5)
      yield* source.gather(source.order(1, 0), images, labels)
      assert.deepStrictEqual([...source.order(1, 0)].sort(), [0, 1, 2, 3, 4])
    })
  )
})
