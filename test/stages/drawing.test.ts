/** Stages that draw, and those that count what is drawn: the numbers in a figure are those that went in. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decode } from "fast-png"
import type { Figure, Model, Table } from "../../src/artifact/index.ts"
import { rasteriserLive } from "../../src/figure/rasteriser-live.ts"
import { fgsm } from "../../src/tensor/attack/index.ts"
import { drawMatrix } from "../../stages/draw-matrix.ts"
import { drawPredictions } from "../../stages/draw-predictions.ts"
import { drawSweeps } from "../../stages/draw-sweeps.ts"
import { drawTraining } from "../../stages/draw-training.ts"
import { imageGrid } from "../../stages/image-grid.ts"
import { perturbationSizes } from "../../stages/perturbation-sizes.ts"
import { tallyPredictions } from "../../stages/tally-predictions.ts"
import { sweepOf } from "../report/examples.ts"
import { apart, four, linear } from "./linear.ts"
import { recorded } from "./recorded.ts"

const run = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, recorded().layer)

const svgOf = ({ svg }: Figure): string => svg ?? ""

/** What the library says of its marks: `epsilon: 0.3; accuracy: 10%; …`. */
const marks = (figure: Figure): ReadonlyArray<string> =>
  [...svgOf(figure).matchAll(/aria-label="([^"]*)" role="graphics-symbol"/g)].flatMap(
    ([, label]) => label ?? []
  )

const sweeps = {
  plain: sweepOf("plain", [
    [0, 99],
    [0.3, 10]
  ]),
  robust: sweepOf("robust", [
    [0, 97],
    [0.3, 80]
  ]),
  transferred: sweepOf("robust", [[0.3, 90]], "transfer")
}
const sweepParams = {
  title: "t",
  published: [
    { sweep: "plain", points: [[0.3, 0.25]] },
    { sweep: "not wired", points: [[0.3, 0.77]] }
  ]
}

const matrix: Table = {
  title: "m",
  columns: [
    { name: "images made against", type: "text" },
    { name: "plain", type: "number", unit: "share" },
    { name: "robust", type: "number", unit: "share" }
  ],
  rows: [
    ["plain", 0.123, 0.9],
    ["robust", null, 0.5]
  ]
}

/** Predictions of a model that takes one `a` of three for a `b`, and is sure of it. */
const predictions = {
  title: "p",
  classes: ["a", "b"],
  judged: [
    {
      model: "m",
      set: "clean",
      images: 4,
      cells: [
        { label: 0, prediction: 0, tenth: 6, images: 2 },
        { label: 0, prediction: 1, tenth: 9, images: 1 },
        { label: 1, prediction: 1, tenth: 9, images: 1 }
      ]
    }
  ]
}

/** A model after epochs of these losses. */
const after = (losses: ReadonlyArray<number>, validationLoss: number | null = null): Model => ({
  ...linear(5),
  history: losses.map((trainingLoss, index) => ({
    epoch: index + 1,
    learningRate: 0.1,
    trainingLoss,
    trainingAccuracy: 0.25,
    validationLoss,
    validationAccuracy: validationLoss
  }))
})
const trained = { fresh: after([2.5, 1.5, 0.5]), retrained: after([0.75, 0.5], 0.125), imported: linear(5) }

const models = { first: linear(5), wrong: linear(-5) }
const gridParams = {
  title: "g",
  attack: { ...fgsm({ epsilon: 1 }) },
  epsilons: [0.05, 0.1],
  seed: 1,
  images: 2
}

describe("what is drawn", () => {
  it.effect("has the same bytes each time, as SVG and as PNG of twice its size", () =>
    run(
      Effect.gen(function* () {
        const drawn = Effect.all([
          drawSweeps.execute({ sweeps }, sweepParams),
          drawTraining.execute({ models: trained }, { title: "t" }),
          drawMatrix.execute({ matrix }, { title: "t" }),
          drawPredictions.execute({ predictions }, { title: "t", as: "confusion" }),
          drawPredictions.execute({ predictions }, { title: "t", as: "confidence" }),
          imageGrid.execute({ models, data: four }, gridParams)
        ]).pipe(Effect.provide(rasteriserLive))
        const [first, second] = [yield* drawn, yield* drawn]
        for (const [index, figure] of first.entries()) {
          assert.deepStrictEqual(second[index], figure)
          const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svgOf(figure)) ?? []
          const png = decode(figure.png ?? new Uint8Array())
          assert.deepStrictEqual([png.width, png.height], [2 * Number(width), 2 * Number(height)])
          assert.isAbove(new Set(png.data).size, 20, "the picture is empty")
        }
      })
    )
  )

  it.effect("is its SVG alone where nothing makes pixels", () =>
    run(
      Effect.gen(function* () {
        const figure = yield* drawMatrix.execute({ matrix }, { title: "t" })
        assert.isUndefined(figure.png)
        assert.match(svgOf(figure), /^<svg /)
      })
    )
  )
})

describe("draw-sweeps", () => {
  it.effect(
    "draws each accuracy with its error, white-box apart from transfer, chance, and what was published",
    () =>
      run(
        Effect.gen(function* () {
          const figure = yield* drawSweeps.execute({ sweeps }, sweepParams)
          const points = marks(figure)
          for (const text of [
            "ε: 0.3; accuracy: 10.000000%; model: plain",
            "ε: 0.3; accuracy: 80.000000%; model: robust",
            "ε: 0.3; accuracy: 90.000000%; model: robust",
            "ε: 0.3; accuracy: 25.000000%; model: plain"
          ])
            assert.isTrue(points.includes(text), `${text} among ${points.join("\n")}`)
          assert.notInclude(marks(figure).join(), "77.0")
          // A standard error of (sqrt(0.1 * 0.9 / 100 + 1 / 200²)) / 1.01 = 0.0301 to both sides.
          assert.isTrue(marks(figure).some((label) => /accuracy: 6\.98\d+%; high: 0\.1301/.test(label)))
          for (const text of ["White-box", "Transfer: images made against", "chance", "FGSM, cross-entropy"])
            assert.include(svgOf(figure), `>${text}</`)
          assert.include(figure.description, "open diamonds are published")
        })
      )
  )
})

describe("draw-training", () => {
  it.effect(
    "draws each model's losses and accuracies, validation where there is any, and names who is missing",
    () =>
      run(
        Effect.gen(function* () {
          const figure = yield* drawTraining.execute({ models: trained }, { title: "t" })
          assert.include(figure.description, "as it is; without a history, and not drawn: imported")
          const texts = [...svgOf(figure).matchAll(/>([^<>]+)<\/t/g)].map(([, text]) => text)
          const panels = ["training loss", "validation loss", "training accuracy", "validation accuracy"]
          assert.deepStrictEqual(
            texts.filter((text) => panels.some((panel) => panel === text)),
            panels
          )
          assert.includeMembers(texts, ["fresh", "retrained", "epoch"])
          assert.notInclude(texts, "imported")
          const points = marks(figure)
          for (const text of ["epoch: 3; value: 0.5; line: fresh", "epoch: 2; value: 0.125; line: retrained"])
            assert.isTrue(points.includes(text), `${text} among ${points.join("\n")}`)
          assert.lengthOf(
            points.filter((text) => text.endsWith("line: fresh")),
            // In two panels, three points and the line.
            2 * (3 + 1)
          )
        })
      )
  )

  it.effect("has no panels of validation where no model has any", () =>
    run(
      Effect.gen(function* () {
        const { fresh } = trained
        const figure = yield* drawTraining.execute({ models: { fresh } }, { title: "t" })
        assert.notInclude(svgOf(figure), "validation")
        assert.notInclude(figure.description, "without a history")
      })
    )
  )

  it.effect("refuses models of which none has a history, and no models", () =>
    run(
      Effect.gen(function* () {
        const problem = (models: { readonly [name: string]: Model }) =>
          Effect.map(Effect.flip(drawTraining.execute({ models }, { title: "t" })), ({ message }) => message)
        const { imported } = trained
        assert.strictEqual(
          yield* problem({ a: imported, b: imported }),
          "input `models` has no model with a training history: `a`, `b`"
        )
        assert.strictEqual(yield* problem({}), "input `models` has no models")
      })
    )
  )
})

describe("draw-matrix", () => {
  it.effect("writes each share, and frames models under their own images", () =>
    run(
      Effect.gen(function* () {
        const svg = svgOf(yield* drawMatrix.execute({ matrix }, { title: "t" }))
        for (const text of ["12.3", "90.0", "50.0", "plain", "robust"]) assert.include(svg, `>${text}</`)
        assert.strictEqual(svg.split('stroke="#d55e00"').length - 1, 2)
      })
    )
  )

  it.effect("refuses a table without shares", () =>
    run(
      Effect.gen(function* () {
        const other = { ...matrix, columns: matrix.columns.slice(0, 1), rows: [["plain"]] }
        const { message } = yield* Effect.flip(drawMatrix.execute({ matrix: other }, { title: "t" }))
        assert.strictEqual(message, "table `m` has no shares to draw: its columns are `images made against`")
      })
    )
  )
})

describe("draw-predictions", () => {
  it.effect("draws shares of the true class, and of all images by confidence", () =>
    run(
      Effect.gen(function* () {
        const confusion = yield* drawPredictions.execute({ predictions }, { title: "t", as: "confusion" })
        assert.sameMembers(
          marks(confusion).map((label) =>
            label.replace(
              /; share of the class: (\S+)/,
              (_, share) => ` ${Number.parseFloat(share).toFixed(1)}`
            )
          ),
          ["predicted: a; true: a 66.7", "predicted: b; true: a 33.3", "predicted: b; true: b 100.0"]
        )
        const confidence = yield* drawPredictions.execute({ predictions }, { title: "t", as: "confidence" })
        const bars = marks(confidence).map((label) => label.replaceAll(".000000%", ""))
        assert.sameMembers(bars, [
          "confidence: 0.6 – 0.7; images: 50; answer: right",
          "confidence: 0.9 – 1.0; images: 25; answer: right",
          "confidence: 0.9 – 1.0; images: 25; answer: wrong"
        ])
      })
    )
  )
})

describe("image-grid", () => {
  it.effect(
    "shows the first image of each class, what the model says of it, and a cross where that is wrong",
    () =>
      run(
        Effect.gen(function* () {
          const figure = yield* imageGrid.execute({ models: { first: linear(5) }, data: four }, gridParams)
          const captions = [...svgOf(figure).matchAll(/text-anchor="middle"[^>]*>([^<]*)</g)].map(
            ([, text]) => text
          )
          // An `a` whose pixels differ by 20, and a `b` by 40; an attack of 0.05 wins where it is less than 25, one of 0.1 less than 51.
          assert.deepStrictEqual(
            captions.map((text) => text?.replace(/ [\d.]+$/, "")),
            ["a", "b", "× b", "b", "× b", "× a"]
          )
          assert.strictEqual(captions[0], `a ${(1 / (1 + Math.exp((-10 * 20) / 255))).toFixed(2)}`)
          assert.include(svgOf(figure), ">ε 0.05</")
        })
      )
  )

  it.effect("has as many columns as there are classes among the images", () =>
    run(
      Effect.gen(function* () {
        const data = apart([
          [1, 20],
          [1, 30]
        ])
        const figure = yield* imageGrid.execute(
          { models, data },
          { ...gridParams, epsilons: [0.1], images: 10 }
        )
        // For each of two models: clean, what was added, attacked.
        assert.strictEqual(svgOf(figure).split("<image ").length - 1, 6)
      })
    )
  )
})

describe("tally-predictions", () => {
  it.effect("counts what each model says, by class and confidence, clean and attacked", () => {
    const { layer, progress } = recorded()
    return Effect.gen(function* () {
      const attacked = apart([
        [0, -20],
        [0, 60],
        [0, 100],
        [1, 40]
      ])
      const { judged, classes } = yield* tallyPredictions.execute(
        { models, clean: four, attacked: { first: attacked } },
        { title: "t", attack: "an attack", batchSize: 3 }
      )
      assert.deepStrictEqual(classes, ["a", "b"])
      assert.deepStrictEqual(
        judged.map(({ model, set, images }) => [model, set, images]),
        [
          ["first", "clean", 4],
          ["first", "an attack", 4],
          ["wrong", "clean", 4]
        ]
      )
      // Confidences: 1 / (1 + exp(-10 * difference / 255)).
      assert.deepStrictEqual(judged[0]?.cells, [
        { label: 0, prediction: 0, tenth: 6, images: 1 },
        { label: 0, prediction: 0, tenth: 9, images: 2 },
        { label: 1, prediction: 1, tenth: 8, images: 1 }
      ])
      assert.deepInclude(judged[1]?.cells ?? [], { label: 0, prediction: 1, tenth: 6, images: 1 })
      assert.isTrue(judged[2]?.cells.every(({ label, prediction }) => label !== prediction))
      assert.deepStrictEqual(progress.at(-1), [2, 2, "models"])
    }).pipe(Effect.provide(layer))
  })
})

describe("perturbation-sizes", () => {
  const params = { title: "t", batchSize: 3 }

  it.effect("gives means over the images, and the share that was left alone", () => {
    const { layer, metrics } = recorded()
    return Effect.gen(function* () {
      // Both pixels of the first image change by 10, those of the last by 30.
      const attacked = apart([
        [0, 0],
        [0, 60],
        [0, 100],
        [1, -20]
      ])
      const { rows } = yield* perturbationSizes.execute({ clean: four, attacked: { m: attacked } }, params)
      const [name, images, ...sizes] = rows[0] ?? []
      assert.deepStrictEqual([name, images], ["m", 4])
      const expected = [30 / 255, 40 / 4 / 255, (Math.SQRT2 * 40) / 4 / 255, 0.5, 0.5]
      assert.lengthOf(sizes, expected.length)
      for (const [index, size] of expected.entries()) assert.closeTo(Number(sizes[index]), size, 1e-6)
      assert.closeTo(metrics["largest_change"] ?? 0, 30 / 255, 1e-6)
    }).pipe(Effect.provide(layer))
  })

  it.effect("refuses sets of other images", () =>
    run(
      Effect.gen(function* () {
        const fewer = apart([[0, 20]])
        const { message } = yield* Effect.flip(
          perturbationSizes.execute({ clean: four, attacked: { m: fewer } }, params)
        )
        assert.strictEqual(
          message,
          "set `m` of input `attacked` has 1 images of shape [1, 2, 1], where input `clean` has 4 images of shape [1, 2, 1]"
        )
      })
    )
  )
})
