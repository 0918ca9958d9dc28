import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { combine } from "../../stages/combine.ts"
import { compare } from "../../stages/compare.ts"
import { samplePerClass } from "../../stages/sample-per-class.ts"
import { sweepTable } from "../../stages/sweep-table.ts"
import { take } from "../../stages/take.ts"
import { workTable } from "../../stages/work-table.ts"
import { dataset, recorded } from "./recorded.ts"

const numbered = (name: string, count: number, first = 0) =>
  dataset(
    Array.from({ length: count }, (_, row) => [row % 3, [first + row]] as const),
    { name }
  )

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)

const bytes = (images: Float32Array) => [...images].map((pixel) => Math.round(255 * pixel))

describe("combine", () => {
  it.effect("puts sets one after the other and names them as its parts", () =>
    run(
      Effect.gen(function* () {
        const whole = yield* combine.execute(
          { sets: [numbered("one", 3), numbered("two", 2, 100)] },
          { name: "both" }
        )
        assert.strictEqual(whole.count, 5)
        assert.deepStrictEqual(whole.layout._tag === "Combined" && whole.layout.parts, [
          digestOf("one"),
          digestOf("two")
        ])
        assert.deepStrictEqual(bytes((yield* whole.rows(0, 5)).images), [0, 1, 2, 100, 101])
        assert.deepStrictEqual(whole.info.notes["parts"], [
          { name: "one", count: 3 },
          { name: "two", count: 2 }
        ])
      })
    )
  )

  it.effect("refuses nothing at all, other classes and other shapes", () =>
    run(
      Effect.gen(function* () {
        const fail = (...sets: ReadonlyArray<ReturnType<typeof dataset>>) =>
          Effect.map(Effect.flip(combine.execute({ sets }, { name: "x" })), ({ message }) => message)
        assert.match(yield* fail(), /`sets` is empty/)
        const others = dataset([[0, [1]]], { name: "others", classes: ["x", "y", "z"] })
        assert.match(yield* fail(numbered("one", 1), others), /`others` has other classes than `one`/)
        assert.match(yield* fail(numbered("one", 1), dataset([[0, [1, 2]]], { name: "wide" })), /\[1, 2, 1\]/)
      })
    )
  )
})

describe("take", () => {
  it.effect("gives the first rows, and refuses more than there are", () =>
    run(
      Effect.gen(function* () {
        const first = yield* take.execute({ data: numbered("n", 9) }, { count: 4 })
        assert.deepStrictEqual(bytes((yield* first.rows(0, first.count)).images), [0, 1, 2, 3])
        const error = yield* Effect.flip(take.execute({ data: numbered("n", 3) }, { count: 4 }))
        assert.match(error.message, /`n` has 3 images, fewer than the 4/)
      })
    )
  )
})

describe("sample-per-class", () => {
  const sample = (seed: number, perClass = 4) =>
    samplePerClass.execute({ data: numbered("n", 60) }, { perClass, seed })

  it.effect("chooses as many of each class, each row once, in order", () =>
    run(
      Effect.gen(function* () {
        const chosen = yield* sample(1)
        const { images, labels } = yield* chosen.rows(0, chosen.count)
        assert.deepStrictEqual(
          [0, 1, 2].map((label) => labels.filter((each) => each === label).length),
          [4, 4, 4]
        )
        const rows = bytes(images)
        assert.deepStrictEqual(
          rows,
          [...new Set(rows)].sort((a, b) => a - b)
        )
        assert.deepStrictEqual(
          [...labels],
          rows.map((row) => row % 3)
        )
      })
    )
  )

  it.effect("chooses the same for a seed, others for another, and a larger sample holds the smaller", () =>
    run(
      Effect.gen(function* () {
        const rows = (seed: number, perClass?: number) =>
          Effect.flatMap(sample(seed, perClass), (chosen) =>
            Effect.map(chosen.rows(0, chosen.count), ({ images }) => bytes(images))
          )
        assert.deepStrictEqual(yield* rows(1), yield* rows(1))
        assert.notDeepEqual(yield* rows(1), yield* rows(2))
        assert.includeMembers(yield* rows(1, 6), yield* rows(1))
      })
    )
  )

  it.effect("names the class that has too few images, or none", () =>
    run(
      Effect.gen(function* () {
        const data = dataset([
          [0, [1]],
          [2, [2]]
        ])
        const error = yield* Effect.flip(samplePerClass.execute({ data }, { perClass: 1, seed: 1 }))
        assert.match(error.message, /class `b` of `tiny` has 0 images, fewer than the 1 of `perClass`/)
      })
    )
  )
})

/** A sweep of two samples of ten images with so many correct. */
const sweep = (points: ReadonlyArray<readonly [epsilon: number, first: number, second: number]>): Sweep => ({
  title: "linear under FGSM",
  network: "linear",
  source: "white-box",
  attack: {},
  points: points.map(([epsilon, ...corrects]) => ({
    epsilon,
    trials: corrects.map((correct, place) => ({
      set: `seed-${place}`,
      count: 10,
      correct,
      perClass: [
        { name: "a", count: 5, correct: Math.min(5, correct) },
        { name: "b", count: 5, correct: Math.max(0, correct - 5) }
      ],
      confidence: 0.8,
      wrongConfidence: correct === 10 ? null : 0.6,
      loss: 1
    }))
  }))
})

describe("sweep-table", () => {
  it.effect("has mean, standard error over the samples, and the worst class", () =>
    run(
      Effect.gen(function* () {
        const { rows } = yield* sweepTable.execute(
          {
            sweeps: {
              baseline: sweep([
                [0.1, 6, 8],
                [0, 10, 10]
              ])
            }
          },
          { title: "t" }
        )
        const row = rows[0] ?? []
        assert.deepStrictEqual(row.slice(0, 4), ["baseline", "linear under FGSM", "white-box", 0.1])
        assert.closeTo(Number(row[4]), 0.7, 1e-12)
        // The sample deviation of .6 and .8 is √.02, the standard error √.02/√2.
        assert.closeTo(Number(row[5]), 0.1, 1e-12)
        assert.deepStrictEqual(row.slice(6), [20, 2, 0.4, 0.8, 0.6])
        assert.deepStrictEqual(rows[1]?.slice(4), [1, 0, 20, 2, 1, 0.8, null])
      })
    )
  )
})

describe("compare", () => {
  const nothing = [null, null, null, null, null]
  const published = {
    what: "baseline",
    source: "figure 1",
    points: [
      [0.1, 0.75],
      [0.2, 0.5]
    ],
    faithful: "ours",
    corrected: null
  }

  it.effect("puts each published point beside ours where there is one", () => {
    const { layer, metrics } = recorded()
    return Effect.gen(function* () {
      const { rows } = yield* compare.execute(
        { faithful: { ours: sweep([[0.1, 6, 8]]) }, corrected: {} },
        { title: "t", published: [published] }
      )
      assert.deepStrictEqual(
        rows[0]?.map((cell) => (typeof cell === "number" ? Number(cell.toFixed(9)) : cell)),
        ["baseline", 0.1, 0.75, 0.7, 0.1, -0.05, null, null, "figure 1", 20, 2, null, null]
      )
      assert.deepStrictEqual(rows[1]?.slice(0, 9), ["baseline", 0.2, 0.5, ...nothing, "figure 1"])
      assert.deepStrictEqual(rows[1]?.slice(9), [null, null, null, null])
      assert.closeTo(metrics["root_mean_square_difference"] ?? 0, 0.05, 1e-12)
      assert.strictEqual(metrics["points_compared"], 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("refuses the name of a sweep that is not there", () =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          compare.execute(
            { faithful: { other: sweep([]) }, corrected: {} },
            { title: "t", published: [published] }
          )
        )
        assert.match(error.message, /names a sweep `ours`/)
      })
    )
  )
})

describe("work-table", () => {
  it.effect("has each amount beside the full one, and the hours last", () =>
    run(
      Effect.gen(function* () {
        const { rows } = yield* workTable.execute(
          {},
          {
            title: "t",
            fullSize: "paper",
            rows: [{ what: "images", here: 5, full: 20 }],
            coreHours: { here: 1, full: 8 }
          }
        )
        assert.deepStrictEqual(rows, [
          ["images", 5, 20, 0.25],
          ["hours of one core, estimated", 1, 8, 0.125]
        ])
      })
    )
  )
})
