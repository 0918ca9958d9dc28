import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { inWholeBatches } from "../../../src/tensor/evaluation/index.ts"

/** Rows whose only pixel is their number, and the ranges that were computed. */
const numbered = (count: number, batchSize: number) => {
  const ranges: Array<readonly [number, number]> = []
  const rows = inWholeBatches(
    (from, to) =>
      Effect.sync(() => {
        ranges.push([from, to])
        const numbers = Array.from({ length: to - from }, (_, row) => from + row)
        return { images: Float32Array.from(numbers), labels: Int32Array.from(numbers) }
      }),
    count,
    batchSize
  )
  return { rows, ranges }
}

const Size = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))

describe("inWholeBatches", () => {
  it.effect.prop(
    "gives the rows asked for, computing each once and in whole batches",
    [Schema.Array(Size).check(Schema.isMinLength(1), Schema.isMaxLength(8)), Size],
    ([portions, batchSize]) =>
      Effect.gen(function* () {
        const count = portions.reduce((sum, portion) => sum + portion, 0)
        const { rows, ranges } = numbered(count, batchSize)
        let from = 0
        for (const portion of portions) {
          const { images, labels } = yield* rows(from, from + portion)
          const expected = Array.from({ length: portion }, (_, row) => from + row)
          assert.deepStrictEqual([...labels], expected)
          assert.deepStrictEqual([...images], expected)
          from += portion
        }
        let next = 0
        for (const [begin, end] of ranges) {
          assert.strictEqual(begin, next)
          assert.isTrue(end === count || (end - begin) % batchSize === 0)
          next = end
        }
        assert.strictEqual(next, count)
      })
  )

  it.effect("begins anew where ranges do not follow each other", () =>
    Effect.gen(function* () {
      const { rows } = numbered(10, 4)
      yield* rows(0, 3)
      assert.deepStrictEqual([...(yield* rows(6, 9)).labels], [6, 7, 8])
      assert.deepStrictEqual([...(yield* rows(0, 2)).labels], [0, 1])
    })
  )
})
