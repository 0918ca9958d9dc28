import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Dataset } from "../../src/artifact/index.ts"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { type Attack, fgsm, pgd } from "../../src/tensor/attack/index.ts"
import { attackMatrix } from "../../stages/attack-matrix.ts"
import { evaluate } from "../../stages/evaluate.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { noiseSweep } from "../../stages/noise-sweep.ts"
import { sweep } from "../../stages/sweep.ts"
import { transferSweep } from "../../stages/transfer-sweep.ts"
import { apart, four, linear } from "./linear.ts"
import { dataset, recorded } from "./recorded.ts"

const common = { title: "linear", seed: 1, batchSize: 3 }
const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)

const sweepOf = (
  model: ReturnType<typeof linear>,
  attack: Attack,
  epsilons: ReadonlyArray<number>,
  {
    sets = { test: four },
    source = []
  }: {
    readonly sets?: { readonly [name: string]: Dataset }
    readonly source?: ReadonlyArray<ReturnType<typeof linear>>
  } = {}
) =>
  sweep.execute(
    { model, sets, source },
    { ...common, attack: { ...attack }, epsilons, stepSize: "proportional" }
  )

const correct = ({ points }: Sweep) => points.map(({ trials }) => trials.map((trial) => trial.correct))

/** The images that an attack made, and their labels. */
const attackedBy = (attack: Attack, data = four, batchSize = 3) =>
  Effect.gen(function* () {
    const made = yield* generateAdversarial.execute(
      { model: linear(5), data },
      { attack: { ...attack }, seed: 1, batchSize }
    )
    const { images, labels } = yield* made.rows(0, made.count)
    // What a stage made becomes an input once it is stored: with a digest, and with its rows at any place.
    const stored: Dataset = {
      ...Dataset.fromArrays({ info: made.info, images, labels }),
      ...(four.digest === undefined ? {} : { digest: four.digest })
    }
    return { made, images, labels, stored }
  })

describe("sweep", () => {
  it.effect("finds the accuracy that is known by hand, class by class, at each epsilon", () =>
    run(
      Effect.gen(function* () {
        const found = yield* sweepOf(linear(5), fgsm({ epsilon: 1 }), [0, 0.05, 0.1, 0.15, 0.25])
        assert.deepStrictEqual(correct(found), [[4], [3], [2], [1], [0]])
        assert.strictEqual(found.source, "white-box")
        assert.deepStrictEqual(found.points[2]?.trials[0]?.perClass, [
          { name: "a", count: 3, correct: 2 },
          { name: "b", count: 1, correct: 0 }
        ])
      })
    )
  )

  it.effect("PGD with enough steps reaches the same on a linear model", () =>
    run(
      Effect.gen(function* () {
        const attack = pgd({ epsilon: 1, stepSize: 0.5, steps: 8 })
        assert.deepStrictEqual(correct(yield* sweepOf(linear(5), attack, [0.05, 0.1, 0.15])), [[3], [2], [1]])
      })
    )
  )

  it.effect("keeps a fixed step size: steps that are too short do less", () =>
    run(
      Effect.gen(function* () {
        const attack = fgsm({ epsilon: 1, stepSize: 0.05 })
        const found = yield* sweep.execute(
          { model: linear(5), sets: { test: four }, source: [] },
          { ...common, attack: { ...attack }, epsilons: [0.05, 0.1, 0.25], stepSize: "fixed" }
        )
        assert.deepStrictEqual(correct(found), [[3], [3], [3]])
      })
    )
  )

  it.effect("measures several sets apart", () =>
    run(
      Effect.gen(function* () {
        const sets = {
          easy: apart([[0, 100]], "easy"),
          hard: apart(
            [
              [1, 20],
              [0, 40]
            ],
            "hard"
          )
        }
        const found = yield* sweepOf(linear(5), fgsm({ epsilon: 1 }), [0, 0.05], { sets })
        assert.deepStrictEqual(correct(found), [
          [1, 2],
          [1, 1]
        ])
        assert.deepStrictEqual(
          found.points[0]?.trials.map(({ set }) => set),
          ["easy", "hard"]
        )
      })
    )
  )

  it.effect(
    "shows images made against another model, and counts what was wrong without an attack as wrong",
    () =>
      run(
        Effect.gen(function* () {
          // Against the opposite model, an attack makes images clearer to this one.
          const helped = yield* sweepOf(linear(5), fgsm({ epsilon: 1 }), [0.25], { source: [linear(-5)] })
          assert.deepStrictEqual(correct(helped), [[4]])
          assert.strictEqual(helped.source, "transfer")
          const wrong = yield* sweepOf(linear(-5), fgsm({ epsilon: 1 }), [0, 0.25], { source: [linear(5)] })
          assert.deepStrictEqual(correct(wrong), [[0], [0]])
        })
      )
  )

  it.effect("refuses data that the model does not take, and data without images", () =>
    run(
      Effect.gen(function* () {
        const misfit = yield* Effect.flip(
          sweepOf(linear(5), fgsm({ epsilon: 1 }), [0.1], { sets: { test: dataset([[0, [1, 2, 3]]]) } })
        )
        assert.match(misfit.message, /`tiny` does not fit network `linear`.*\[1, 3, 1\].*\[1, 2, 1\]/)
        const empty = yield* Effect.flip(
          sweepOf(linear(5), fgsm({ epsilon: 1 }), [0.1], { sets: { test: apart([], "nothing") } })
        )
        assert.match(empty.message, /`nothing`/)
      })
    )
  )

  it("refuses epsilons outside [0, 1], out of order or none, and attacks that are none, by its schema", () => {
    const good = { ...common, attack: fgsm({ epsilon: 1 }), epsilons: [0.1], stepSize: "fixed" as const }
    const problem = (change: object) => {
      const result = Schema.decodeUnknownResult(sweep.meta.params, { errors: "all" })({ ...good, ...change })
      return result._tag === "Failure" ? result.failure.message : "none"
    }
    assert.strictEqual(problem({}), "none")
    assert.match(problem({ epsilons: [-0.1] }), /\["epsilons"\]\[0\]/)
    assert.match(problem({ epsilons: [1.5] }), /\["epsilons"\]\[0\]/)
    assert.match(problem({ epsilons: [0.2, 0.1] }), /more than 0.2/)
    assert.match(problem({ epsilons: [] }), /at least one/)
    assert.match(problem({ attack: { ...good.attack, stepSize: 0 } }), /\["stepSize"\]/)
    assert.match(problem({ attack: { ...good.attack, steps: 0 } }), /\["steps"\]/)
    assert.match(problem({ attack: { ...good.attack, loss: "hinge" } }), /\["loss"\]/)
    assert.match(problem({ attack: { ...good.attack, norm: "l1" } }), /\["norm"\]/)
  })
})

describe("generate-adversarial", () => {
  it.effect("moves each pixel by epsilon, keeps labels and order, and says how it was made", () =>
    run(
      Effect.gen(function* () {
        const { made, images, labels } = yield* attackedBy(fgsm({ epsilon: 0.1 }))
        const clean = yield* four.rows(0, 4)
        assert.deepStrictEqual([...labels], [0, 0, 0, 1])
        for (const [at, pixel] of images.entries()) {
          const towards = (at % 2 === 0) === ((labels[Math.floor(at / 2)] ?? 0) === 0) ? -0.1 : 0.1
          assert.closeTo(pixel, (clean.images[at] ?? 0) + towards, 1e-6)
        }
        assert.strictEqual(made.layout._tag === "Stored" && made.layout.dtype, "F32")
        assert.deepInclude(made.info.notes, { against: "linear", attack: { ...fgsm({ epsilon: 0.1 }) } })
        assert.strictEqual(made.info.name, "tiny under FGSM, cross-entropy, epsilon 0.1")
      })
    )
  )

  it.effect("logs which share of its images fools the model", () => {
    const { layer, metrics } = recorded()
    return Effect.gen(function* () {
      yield* attackedBy(fgsm({ epsilon: 0.1 }))
      // The sweep above has the same: at 0.1, two of four are still right.
      assert.strictEqual(metrics["fooled_share"], 0.5)
    }).pipe(Effect.provide(layer))
  })

  it.effect("gives the same images whatever ranges are read and whatever the batch is", () =>
    run(
      Effect.gen(function* () {
        const attack = pgd({ epsilon: 0.1, stepSize: 0.03, steps: 3 })
        const { images } = yield* attackedBy(attack)
        const made = yield* generateAdversarial.execute(
          { model: linear(5), data: four },
          { attack: { ...attack }, seed: 1, batchSize: 2 }
        )
        const parts = [yield* made.rows(0, 1), yield* made.rows(1, 4)]
        assert.deepStrictEqual(
          parts.flatMap((part) => [...part.images].map((pixel) => pixel.toFixed(5))),
          [...images].map((pixel) => pixel.toFixed(5))
        )
      })
    )
  )
})

describe("transfer-sweep, attack-matrix and evaluate", () => {
  it.effect(
    "judge the stored images: the model they were made against falls, its opposite does not rise",
    () =>
      run(
        Effect.gen(function* () {
          const { stored: weak } = yield* attackedBy(fgsm({ epsilon: 0.05 }))
          const { stored: strong } = yield* attackedBy(fgsm({ epsilon: 0.15 }))
          const found = yield* transferSweep.execute(
            { model: linear(9), attacked: [strong, weak] },
            { title: "other", batchSize: 3 }
          )
          assert.deepStrictEqual(correct(found), [[3], [1]])
          assert.deepStrictEqual(
            found.points.map(({ epsilon }) => epsilon),
            [0.05, 0.15]
          )
          const matrix = yield* attackMatrix.execute(
            { models: { same: linear(5), opposite: linear(-5) }, sets: { weak, strong } },
            { title: "matrix", batchSize: 3 }
          )
          assert.deepStrictEqual(matrix.rows, [
            ["weak", 4, 0.75, 0.25],
            ["strong", 4, 0.25, 0.75]
          ])
          const judged = yield* evaluate.execute(
            { model: linear(5), data: weak },
            { title: "weak", batchSize: 3 }
          )
          assert.deepInclude(judged, { count: 4, correct: 3 })
          // √(0.75 · 0.25 / 4 + 1 / 64) / 1.25
          assert.closeTo(judged.metrics["accuracy_standard_error"] ?? 0, 0.2, 1e-12)
        })
      )
  )

  it.effect("a transfer sweep refuses clean images, and two sets of one epsilon", () =>
    run(
      Effect.gen(function* () {
        const { stored } = yield* attackedBy(fgsm({ epsilon: 0.05 }))
        const judge = (attacked: ReadonlyArray<Dataset>) =>
          Effect.flip(transferSweep.execute({ model: linear(5), attacked }, { title: "t", batchSize: 3 }))
        assert.match((yield* judge([four])).message, /`tiny` cannot be a point.*notes have no attack/)
        assert.match((yield* judge([stored, stored])).message, /another set has epsilon 0.05/)
      })
    )
  )
})

describe("noise-sweep", () => {
  it.effect("harms less than the attack of the same epsilon, and nothing at epsilon 0", () =>
    run(
      Effect.gen(function* () {
        const many = apart(
          Array.from({ length: 60 }, (_, row) => [row % 2 === 0 ? 0 : 1, 10 + 2 * row] as const)
        )
        const found = yield* noiseSweep.execute(
          { model: linear(5), sets: { test: many } },
          { ...common, norm: "linf", kind: "boundary", epsilons: [0, 0.1] }
        )
        const attack = yield* sweepOf(linear(5), fgsm({ epsilon: 1 }), [0.1], { sets: { test: many } })
        const [clean, noisy = 0] = correct(found).flat()
        assert.strictEqual(clean, 60)
        assert.isAbove(noisy, correct(attack)[0]?.[0] ?? 60)
        assert.isBelow(noisy, 60)
      })
    )
  )
})
