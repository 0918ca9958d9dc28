import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { accuracyAt } from "../../src/tensor/evaluation/index.ts"
import { acrossSeeds } from "../../stages/across-seeds.ts"
import { closestCell } from "../../stages/closest-cell.ts"
import { closestCurve } from "../../stages/closest-curve.ts"
import { compareConfidence } from "../../stages/compare-confidence.ts"
import { epsilonAt } from "../../stages/epsilon-at.ts"
import { plausibility } from "../../stages/plausibility.ts"
import { studySummary } from "../../stages/study-summary.ts"
import { sweepDifferences } from "../../stages/sweep-differences.ts"
import { recorded } from "./recorded.ts"

/** A sweep of 100 images, 60 of them of one class, with so many correct at each epsilon. */
const sweep = (
  correct: { readonly [epsilon: string]: number },
  change: Partial<Sweep> = {},
  confidence: readonly [all: number, wrong: number | null] = [0.9, 0.7]
): Sweep => ({
  title: "a sweep",
  network: "linear",
  source: "white-box",
  attack: { norm: "linf", seed: 1 },
  points: Object.entries(correct).map(([epsilon, right]) => ({
    epsilon: Number(epsilon),
    trials: [
      {
        set: "test",
        count: 100,
        correct: right,
        perClass: [
          { name: "a", count: 60, correct: Math.min(60, right) },
          { name: "b", count: 40, correct: Math.max(0, right - 60) }
        ],
        confidence: confidence[0],
        wrongConfidence: confidence[1],
        loss: 0.1
      }
    ]
  })),
  ...change
})

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)
const failure = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  run(Effect.map(Effect.flip(effect), ({ message }) => message))

describe("across-seeds", () => {
  it.effect("gives the mean over seeds, and the standard error of that mean", () => {
    const { layer, metrics } = recorded()
    return Effect.gen(function* () {
      const pooled = yield* acrossSeeds.execute(
        {
          sweeps: {
            "seed-1": sweep({ "0.1": 50 }),
            "seed-2": sweep({ "0.1": 60 }),
            "seed-3": sweep({ "0.1": 70 })
          }
        },
        { title: "pooled" }
      )
      const [point] = pooled.points
      assert.deepStrictEqual(
        point?.trials.map(({ set }) => set),
        ["seed-1, test", "seed-2, test", "seed-3, test"]
      )
      const { accuracy, standardError } = accuracyAt(point ?? { trials: [] })
      assert.closeTo(accuracy, 0.6, 1e-12)
      assert.closeTo(standardError, 0.1 / Math.sqrt(3), 1e-12)
      assert.closeTo(metrics["standard_error_epsilon_0.1"] ?? 0, 0.1 / Math.sqrt(3), 1e-12)
      assert.strictEqual(pooled.title, "pooled, 3 seeds")
    }).pipe(Effect.provide(layer))
  })

  it.effect("pools sweeps whose seeds differ, and refuses those that differ otherwise", () =>
    Effect.gen(function* () {
      const one = sweep({ "0.1": 50 })
      const pool = (other: Sweep) => acrossSeeds.execute({ sweeps: { one, other } }, { title: "t" })
      yield* run(pool(sweep({ "0.1": 50 }, { attack: { norm: "linf", seed: 2 } })))
      assert.match(yield* failure(pool(sweep({ "0.2": 50 }))), /`one` and `other`.*epsilons, 0.1 and 0.2/)
      assert.match(yield* failure(pool(sweep({ "0.1": 50 }, { network: "x" }))), /networks, `linear` and `x`/)
      assert.match(yield* failure(pool(sweep({ "0.1": 50 }, { source: "noise" }))), /threat models/)
      assert.match(yield* failure(pool(sweep({ "0.1": 50 }, { attack: { norm: "l2" } }))), /attacks/)
      assert.match(yield* failure(acrossSeeds.execute({ sweeps: {} }, { title: "t" })), /no mean of nothing/)
    })
  )
})

describe("epsilon-at", () => {
  const find = (accuracy: number, curve: { readonly [epsilon: string]: number }, name = "fgsm") =>
    Effect.map(
      epsilonAt.execute(
        { sweeps: { fgsm: sweep(curve) } },
        { title: "t", wanted: [{ what: "w", accuracy, published: 0.1, sweep: name }] }
      ),
      ({ rows }) => [rows[0]?.[4], rows[0]?.[5]]
    )

  it.effect("finds the place between two points, and says what is at the published epsilon", () =>
    run(
      Effect.gen(function* () {
        const curve = { "0": 100, "0.1": 80, "0.2": 40 }
        const [there, epsilon] = yield* find(0.6, curve)
        assert.strictEqual(there, 0.8)
        assert.closeTo(Number(epsilon), 0.15, 1e-12)
        assert.deepStrictEqual(yield* find(0.8, curve), [0.8, 0.1])
        assert.deepStrictEqual(yield* find(0.3, curve), [0.8, null])
        assert.deepStrictEqual(yield* find(0.6, { "0": 50, "0.2": 40 }), [null, null])
      })
    )
  )

  it.effect("names a sweep that is not there", () =>
    Effect.gen(function* () {
      assert.match(yield* failure(find(0.5, { "0": 50 }, "pgd")), /param `wanted` names a sweep `pgd`/)
    })
  )
})

describe("sweep-differences", () => {
  it.effect("subtracts at the epsilons that both have", () =>
    run(
      Effect.gen(function* () {
        const { columns, rows } = yield* sweepDifferences.execute(
          {
            first: { fgsm: sweep({ "0": 90, "0.1": 50, "0.2": 10 }) },
            second: { fgsm: sweep({ "0": 90, "0.1": 20 }) }
          },
          { title: "t", names: { first: "leaking", second: "not" }, sweeps: ["fgsm"] }
        )
        assert.deepStrictEqual(
          columns.slice(2, 8).map(({ name }) => name),
          ["leaking", "leaking s.e.", "not", "not s.e.", "difference in points", "difference in points s.e."]
        )
        assert.strictEqual(rows.length, 2)
        const [, , , ofFirst, , ofSecond, difference, error, ...counts] = rows[1] ?? []
        assert.closeTo(Number(difference), 0.3, 1e-12)
        assert.closeTo(Number(error), Math.hypot(Number(ofFirst), Number(ofSecond)), 1e-12)
        assert.closeTo(Number(error), Math.sqrt(0.0025 + 0.0016), 1e-3)
        assert.deepStrictEqual(counts, [100, 1, 100, 1])
      })
    )
  )
})

describe("plausibility", () => {
  const check = (
    sweeps: { readonly [name: string]: Sweep },
    published: ReadonlyArray<{ readonly points: ReadonlyArray<readonly [number, number]> }> = []
  ) => {
    const { layer, metrics } = recorded()
    return plausibility
      .execute(
        { sweeps },
        {
          title: "t",
          tolerance: 0.01,
          published: published.map(({ points }) => ({ what: "paper", points, largestClassShare: 0.1135 }))
        }
      )
      .pipe(
        Effect.map(({ rows }) => ({
          found: rows.map(([what, origin, name, passed]) => [what, origin, name, passed]),
          implausible: metrics["implausible"]
        })),
        Effect.provide(layer)
      )
  }

  it.effect(
    "finds more than the largest class from epsilon 0.5 on, in sweeps and in what was published",
    () =>
      Effect.gen(function* () {
        const honest = sweep({ "0": 98, "0.4": 70, "0.5": 60 })
        const weak = sweep({ "0": 98, "0.4": 70, "0.5": 63 })
        const { found, implausible } = yield* check({ honest, weak }, [
          {
            points: [
              [0.1, 0.98],
              [0.5, 0.8553]
            ]
          }
        ])
        assert.deepStrictEqual(found, [
          ["paper", "published", "non-increasing", true],
          ["paper", "published", "grey-bound", false],
          ["honest", "measured", "non-increasing", true],
          ["honest", "measured", "grey-bound", true],
          ["weak", "measured", "non-increasing", true],
          ["weak", "measured", "grey-bound", false]
        ])
        assert.strictEqual(implausible, 2)
      })
  )

  it.effect("finds accuracies above those without an attack", () =>
    Effect.gen(function* () {
      const { found } = yield* check({}, [
        {
          points: [
            [0, 0.7642],
            [0.4, 0.8172]
          ]
        }
      ])
      assert.deepStrictEqual(found, [["paper", "published", "non-increasing", false]])
      assert.deepStrictEqual((yield* check({}, [{ points: [[0.4, 0.8172]] }])).found, [])
    })
  )

  it.effect("leaves noise, transfer and other norms alone, which the rules do not bind", () =>
    Effect.gen(function* () {
      const high = { "0": 50, "0.5": 99 }
      const { found } = yield* check({
        noise: sweep(high, { source: "noise" }),
        transfer: sweep(high, { source: "transfer" }),
        l2: sweep(high, { attack: { norm: "l2" } })
      })
      assert.deepStrictEqual(found, [])
    })
  )
})

describe("closest-cell and closest-curve", () => {
  const sweeps = {
    near: sweep({ "0.1": 82, "0.2": 60 }),
    far: sweep({ "0.2": 40, "0.4": 10 })
  }
  const cell = (name: string, unit: number) => ({ name, facts: [name], unit, sweeps: [name] })
  const params = {
    title: "t",
    published: [
      {
        column: "CNN",
        points: [
          [0.2, 0.8],
          [0.4, 0.6]
        ]
      }
    ],
    cells: [cell("far", 1), cell("near", 0.5)]
  }

  it.effect("ranks cells by the root mean square difference, each at epsilons of its own unit", () =>
    run(
      Effect.gen(function* () {
        const { rows } = yield* closestCell.execute({ sweeps }, { ...params, facts: ["guess"] })
        assert.deepStrictEqual(
          rows.map(([rank, guess]) => [rank, guess]),
          [
            [1, "near"],
            [2, "far"]
          ]
        )
        assert.closeTo(Number(rows[0]?.[2]), Math.sqrt(0.0004 / 2), 1e-12)
        const curve = yield* closestCurve.execute({ sweeps }, params)
        assert.strictEqual(curve.title, "t: near")
        assert.deepStrictEqual(
          curve.rows.map((row) => row.slice(0, 5)),
          [
            ["CNN", 0.2, 0.1, 0.8, 0.82],
            ["CNN", 0.4, 0.2, 0.6, 0.6]
          ]
        )
        assert.closeTo(Number(curve.rows[1]?.[5]), Math.sqrt(0.0024), 1e-3)
      })
    )
  )

  it.effect("names the cell, the sweep and the epsilon that is missing", () =>
    Effect.gen(function* () {
      const cells = [cell("near", 0.3)]
      const missing = yield* failure(closestCurve.execute({ sweeps }, { ...params, cells }))
      assert.match(missing, /cell `near`: sweep `near` has no point at epsilon 0.06/)
    })
  )
})

describe("compare-confidence", () => {
  it.effect("has both definitions, and says which one is closer", () =>
    run(
      Effect.gen(function* () {
        const pooled = yield* acrossSeeds.execute(
          { sweeps: { a: sweep({ "0.1": 50 }, {}, [0.9, 0.7]), b: sweep({ "0.1": 50 }, {}, [0.8, 0.6]) } },
          { title: "t" }
        )
        const { rows } = yield* compareConfidence.execute(
          { sweeps: { pooled } },
          {
            title: "t",
            published: [
              {
                what: "w",
                source: "s",
                points: [
                  [0.1, 0.68],
                  [0.2, 0.5]
                ],
                sweep: "pooled"
              }
            ]
          }
        )
        const [first, second] = rows
        const numbers = first?.slice(3, 7).map((value) => Number(Number(value).toFixed(9)))
        assert.deepStrictEqual(numbers, [0.85, 0.05, 0.65, 0.05])
        assert.strictEqual(first?.[7], "wrong")
        assert.deepStrictEqual(second?.slice(3, 8), [null, null, null, null, null])
      })
    )
  )
})

describe("study-summary", () => {
  const comparison = {
    title: "c",
    columns: [
      { name: "what", type: "text" as const },
      { name: "epsilon", type: "number" as const },
      { name: "published", type: "number" as const },
      { name: "faithful", type: "number" as const },
      { name: "faithful s.e.", type: "number" as const },
      { name: "corrected", type: "number" as const }
    ],
    rows: [
      ["baseline", 0, 0.99, 0.98, 0.01, 0.97],
      ["baseline", 0.1, 0.5, 0.8, 0.04, 0.9]
    ]
  }
  const sweeps = {
    fgsm: sweep({ "0": 98, "0.1": 50 }, { title: "baseline under FGSM" }),
    pgd: sweep({ "0.1": 20 }, { title: "baseline under PGD" }),
    // Of transfer and noise nothing is called corrected, however little they leave.
    transfer: sweep({ "0.1": 10 }, { title: "baseline under transferred PGD", source: "transfer" }),
    noise: sweep({ "0.1": 5 }, { title: "baseline under random signs", source: "noise" })
  }
  const summarise = (row: object) =>
    studySummary.execute(
      { comparisons: { one: comparison }, sweeps },
      {
        title: "t",
        rows: [
          {
            study: "one",
            what: "baseline",
            epsilon: 0.1,
            corrected: Object.keys(sweeps),
            transfer: null,
            why: "because",
            ...row
          }
        ]
      }
    )

  it.effect(
    "has beside published and faithful what the strongest white-box attack leaves, and names it",
    () =>
      run(
        Effect.gen(function* () {
          const { columns, rows } = yield* summarise({})
          const [row = []] = rows
          assert.strictEqual(row.length, columns.length)
          assert.deepStrictEqual(row.slice(0, 7), ["one", "baseline", 0.1, 0.5, 0.8, 0.04, 0.2])
          assert.deepStrictEqual(row.slice(8), ["baseline under PGD", null, null, "because"])
          const clean = yield* summarise({ epsilon: 0, corrected: ["pgd"] })
          assert.deepStrictEqual(clean.rows[0]?.slice(6, 9), [null, null, "none at this epsilon"])
          const carried = yield* summarise({ transfer: "transfer" })
          assert.deepStrictEqual([carried.rows[0]?.[6], carried.rows[0]?.[9]], [0.2, 0.1])
        })
      )
  )

  it.effect("names a row or a study that is not there", () =>
    Effect.gen(function* () {
      assert.match(yield* failure(summarise({ epsilon: 0.2 })), /`baseline` at epsilon 0.2 of study `one`/)
      assert.match(
        yield* failure(summarise({ study: "two" })),
        /of study `two`, which its comparison has not/
      )
    })
  )

  it.effect("calls nothing corrected where no white-box attack was made", () =>
    Effect.gen(function* () {
      const message = yield* failure(summarise({ corrected: ["transfer", "noise"] }))
      assert.match(message, /of `baseline`, none of `transfer`, `noise` is a white-box sweep$/)
      assert.match(yield* failure(summarise({ corrected: ["mim"] })), /`mim` that is not among the inputs/)
    })
  )
})
