import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { split } from "../../stages/split.ts"
import { dataset, recorded } from "./recorded.ts"

const numbered = (count: number) =>
  dataset(Array.from({ length: count }, (_, row) => [row % 3, [row % 256]] as const))

const run = (count: number, part: string, heldOutShare: number, seed: number) =>
  split
    .execute({ data: numbered(count) }, { part, heldOutShare, seed })
    .pipe(Effect.provide(recorded().layer))

const orderOf = (data: Effect.Success<ReturnType<typeof run>>): ReadonlyArray<number> =>
  data.layout._tag === "Combined" ? [...(data.layout.order ?? [])] : []

const Count = Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 200 }))
const Seed = Schema.Int.check(Schema.isBetween({ minimum: -1000, maximum: 1000 }))

describe("split", () => {
  it.effect.prop("puts every row into exactly one part, in order", [Count, Seed], ([count, seed]) =>
    Effect.gen(function* () {
      const kept = orderOf(yield* run(count, "kept", 0.4, seed))
      const heldOut = orderOf(yield* run(count, "held-out", 0.4, seed))
      assert.strictEqual(heldOut.length, Math.round(0.4 * count))
      assert.deepStrictEqual(
        [...kept, ...heldOut].sort((a, b) => a - b),
        Array.from({ length: count }, (_, row) => row)
      )
      assert.deepStrictEqual(
        kept,
        kept.toSorted((a, b) => a - b)
      )
    })
  )

  it.effect("copies nothing: it names its input and the rows chosen", () =>
    Effect.gen(function* () {
      const part = yield* run(10, "held-out", 0.3, 1)
      assert.deepStrictEqual(part.layout._tag === "Combined" && part.layout.parts, [digestOf("tiny")])
      assert.deepStrictEqual(part.info.notes, { part: "held-out" })
      assert.strictEqual(part.info.name, "tiny, held-out")
      const { labels } = yield* part.rows(0, part.count)
      assert.deepStrictEqual(
        [...labels],
        orderOf(part).map((row) => row % 3)
      )
    })
  )

  it.effect("chooses the rows that it chose when this was written", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(orderOf(yield* run(20, "held-out", 0.25, 1)), [0, 9, 11, 15, 18])
    })
  )

  it.effect("with another seed chooses other rows", () =>
    Effect.gen(function* () {
      const a = orderOf(yield* run(100, "held-out", 0.2, 1))
      const b = orderOf(yield* run(100, "held-out", 0.2, 2))
      assert.notDeepEqual(a, b)
    })
  )

  it.effect("refuses to leave a part empty", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(10, "kept", 0.01, 1))
      assert.strictEqual(error.message, "holding out 0.01 of 10 images holds out 0 and leaves 10")
    })
  )
})
