/** Sets of attacked images that are made in parts: what was kept is not made again, and the set is the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Checkpoint, type CheckpointValue } from "../../src/stage/index.ts"
import { pgd } from "../../src/tensor/attack/index.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { linear } from "./linear.ts"
import { dataset, recorded } from "./recorded.ts"

const count = 11
const data = dataset(
  Array.from({ length: count }, (_, row) => [row % 2, [(row * 71) % 256, (row * 37) % 256]] as const),
  { classes: ["a", "b"] }
)

/** Makes the set with some parts at hand, and writes down the parts that it keeps, but for the first ones that fail. */
const generating = (kept: ReadonlyArray<CheckpointValue> = [], failures = 0) =>
  Effect.gen(function* () {
    let tried = 0
    const written: Array<CheckpointValue> = []
    const { layer, metrics, progress } = recorded()
    const service = Layer.succeed(Checkpoint, {
      latest: () => Effect.die("parts are found by their position"),
      write: () => Effect.die("a set is kept in parts"),
      offer: () => Effect.die("a set is kept in parts"),
      keepPart: (part) => Effect.sync(() => tried++ >= failures && written.push(structuredClone(part)) > 0),
      part: (position) => Effect.sync(() => kept.find((part) => part.position === position)),
      due: Effect.succeed(true)
    })
    const found = yield* Effect.gen(function* () {
      const made = yield* generateAdversarial.execute(
        { model: linear(5), data },
        { attack: { ...pgd({ epsilon: 0.1, stepSize: 0.03, steps: 3 }) }, seed: 1, batchSize: 2 }
      )
      // As they are written, in ranges that follow each other and fit no batch.
      const ranges = [yield* made.rows(0, 3), yield* made.rows(3, 8), yield* made.rows(8, count)]
      return ranges.flatMap(({ images, labels }) => [...images, ...labels])
    }).pipe(Effect.provide(Layer.merge(layer, service)))
    return { rows: found, written, metrics, made: progress.map(([done]) => done) }
  })

describe("a set of attacked images", () => {
  it.effect("keeps what a disk refused once together with what comes next", () =>
    Effect.gen(function* () {
      const { written, rows } = yield* generating([], 1)
      assert.deepStrictEqual(
        written.map(({ position }) => position),
        [0, 8]
      )
      const again = yield* generating(written)
      assert.deepStrictEqual(again.rows, rows)
      assert.deepStrictEqual(again.written, [])
    })
  )

  it.effect("is the same from any of its parts, and tells the same metrics", () =>
    Effect.gen(function* () {
      const straight = yield* generating()
      assert.deepStrictEqual(
        straight.written.map(({ position }) => position),
        [0, 4, 8]
      )
      assert.isDefined(straight.metrics["fooled_share"])
      for (const parts of [1, 2, 3]) {
        const again = yield* generating(straight.written.slice(0, parts))
        assert.deepStrictEqual(again.rows, straight.rows)
        assert.deepStrictEqual(again.metrics, straight.metrics)
        assert.deepStrictEqual(again.made, [4, 8, 11].slice(parts))
        assert.deepStrictEqual(again.written, straight.written.slice(parts))
      }
    })
  )

  it.effect("is made anew from the first part that is missing or is something else", () =>
    Effect.gen(function* () {
      const straight = yield* generating()
      const [first, second, third] = straight.written
      assert.isDefined(first)
      assert.isDefined(second)
      assert.isDefined(third)
      for (const wrong of [
        [first, third],
        [first, { ...second, progress: null }, third],
        [first, { ...second, tensors: new Map() }, third],
        [first, { ...second, tensors: third.tensors }, third]
      ]) {
        const again = yield* generating(wrong)
        assert.deepStrictEqual(again.rows, straight.rows)
        assert.deepStrictEqual(again.made, [8, 11])
      }
    })
  )
})
