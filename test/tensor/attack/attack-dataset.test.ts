import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Dataset } from "../../../src/artifact/index.ts"
import {
  type AttackRows,
  attackDataset,
  makeAttacker,
  makeMeasurer,
  pgd
} from "../../../src/tensor/attack/index.ts"
import { mean, multilayer, onCpu, randomRows, type Subject } from "./classifiers.ts"

const shape = [3, 2, 2] as const
const subject = multilayer({ input: shape, hidden: 6, classes: 4, seed: 11 })
const rows = randomRows(subject.classifier, 11, 3)
const info = { name: "random", shape, classes: ["a", "b", "c", "d"], notes: {} }

/** A dataset that says which rows were asked for. */
const watched = ({ images, labels }: AttackRows) => {
  const asked: Array<readonly [from: number, to: number]> = []
  const dataset = Dataset.generate({
    info,
    count: labels.length,
    dtype: "F32",
    rows: (from, to) => {
      asked.push([from, to])
      return Effect.succeed({ images: images.slice(from * 12, to * 12), labels: labels.slice(from, to) })
    }
  })
  return { dataset, asked }
}

const pgdAttacker = (of: Subject, batchSize: number) =>
  makeAttacker({ ...of, attack: pgd({ epsilon: 0.1, stepSize: 0.03, steps: 4 }), batchSize, seed: 2 })

describe("an attack on a dataset", () => {
  it.effect("comes in order, batch by batch, and equals the attack on all rows at once", () =>
    Effect.gen(function* () {
      const { dataset, asked } = watched(rows)
      const attacker = yield* pgdAttacker(subject, 4)
      const batches = yield* Stream.runCollect(attackDataset(attacker, dataset))
      assert.deepStrictEqual(asked, [
        [0, 4],
        [4, 8],
        [8, 11]
      ])
      assert.deepStrictEqual(
        batches.map(({ clean }) => Array.from(clean.indices)),
        [
          [0, 1, 2, 3],
          [4, 5, 6, 7],
          [8, 9, 10]
        ]
      )
      const whole = yield* attacker.run(rows)
      assert.deepStrictEqual(
        batches.flatMap(({ attacked }) => [...attacked.images]),
        [...whole.images]
      )
      assert.deepStrictEqual(
        batches.flatMap(({ attacked }) => [...attacked.success]),
        [...whole.success]
      )
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("reads no further than it is asked to", () =>
    Effect.gen(function* () {
      const { dataset, asked } = watched(rows)
      const attacker = yield* pgdAttacker(subject, 4)
      yield* Stream.runDrain(Stream.take(attackDataset(attacker, dataset), 1))
      assert.deepStrictEqual(asked, [[0, 4]])
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("of no rows is none", () =>
    Effect.gen(function* () {
      const none = { images: new Float32Array(0), labels: new Int32Array(0), indices: [] }
      const attacker = yield* pgdAttacker(subject, 4)
      assert.deepStrictEqual(yield* Stream.runCollect(attackDataset(attacker, watched(none).dataset)), [])
      assert.strictEqual((yield* attacker.run(none)).images.length, 0)
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("transfers to another model, and does less there than on its own", () =>
    Effect.gen(function* () {
      const many = randomRows(subject.classifier, 60, 4)
      const other = multilayer({ input: shape, hidden: 6, classes: 4, seed: 12 })
      const measure = yield* makeMeasurer({ ...other, batchSize: 20 })
      // Labels as the other model has them, so that it is right on all clean images.
      const labels = (yield* measure(many.images, many.labels)).predictions
      const accuracyOn = Effect.fnUntraced(function* (crafted: Subject) {
        const attacker = yield* pgdAttacker(crafted, 20)
        const { images } = yield* attacker.run({ ...many, labels })
        return mean((yield* measure(images, labels)).correct)
      })
      const whiteBox = yield* accuracyOn(other)
      const transferred = yield* accuracyOn(subject)
      assert.isBelow(whiteBox, transferred - 0.1)
    }).pipe(Effect.provide(onCpu))
  )
})
