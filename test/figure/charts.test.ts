/** Charts of numbers: in whose order, with what names, and that they are the same on every machine. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Chart, drawChart } from "../../src/figure/chart.ts"
import { confusionChart } from "../../src/figure/confusion-chart.ts"
import { curveChart, thinned } from "../../src/figure/curve-chart.ts"
import { legendOf } from "../../src/figure/legend.ts"
import { matrixChart } from "../../src/figure/matrix-chart.ts"
import { onBlack, onWhite } from "../../src/figure/palette.ts"
import { placed } from "../../src/figure/panels.ts"
import { sweepChart } from "../../src/figure/sweep-chart.ts"
import { sweepOf } from "../report/examples.ts"

/** Texts in the order of the drawing. */
const texts = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].flatMap(([, text]) => text ?? [])

const among = (svg: string, wanted: ReadonlyArray<string>) =>
  texts(svg).filter((text) => wanted.includes(text))

describe("panels", () => {
  it.effect("come in the order of their data, not of their names", () =>
    Effect.gen(function* () {
      const points = [
        [1, 2],
        [2, 3]
      ] as const
      const metrics = ["zeta", "alpha", "midst"]
      const curves = metrics.map((metric) => ({ metric, line: "l", points }))
      assert.deepStrictEqual(among(yield* drawChart("t", curveChart(curves)), metrics), metrics)

      const models = ["zeta", "alpha"]
      const judged = models.map((model) => ({
        model,
        set: "clean",
        images: 1,
        cells: [{ label: 0, prediction: 0, tenth: 9, images: 1 }]
      }))
      const confusion = yield* drawChart("t", confusionChart({ title: "t", classes: ["x", "y"], judged }))
      assert.deepStrictEqual(among(confusion, models), models)

      const shares = [0.1, 0.2]
      const rows = models.map((name) => ({ name, shares }))
      const matrix = yield* drawChart("t", matrixChart({ down: "d", across: "a", columns: models, rows }))
      assert.deepStrictEqual(among(matrix, models), [...models, ...models])
    })
  )

  it("know the place of each value among its field's", () => {
    const rows = [{ a: "x" }, { a: "y" }, { a: "x" }]
    assert.deepStrictEqual(
      placed(rows, ["a"]).map((row) => row["place of a"]),
      [0, 1, 0]
    )
  })
})

const rowsOf = ({ data }: Chart): ReadonlyArray<unknown> =>
  data !== undefined && data !== null && "values" in data && Array.isArray(data.values) ? data.values : []

describe("a chart of sweeps", () => {
  it("has a panel for each attack and threat model, and a line for what is not called as usual", () => {
    const points = [
      [0, 90],
      [0.1, 50]
    ] as const
    const odd = { ...sweepOf("m", points), title: "whatever" }
    const values = rowsOf(
      sweepChart({ odd, usual: sweepOf("m", points), other: sweepOf("m", points, "transfer") })
    )
    assert.sameMembers(
      [...new Set(values.map((value) => Object(value).panel))],
      [
        "White-box",
        "White-box\nFGSM, cross-entropy",
        "Transfer: images made against\nanother model\nFGSM, cross-entropy"
      ]
    )
    assert.sameMembers([...new Set(values.map((value) => Object(value).model))], ["odd", "m", ""])
  })

  it.effect("says once in each panel where guessing is, and holds the panels of a row to one height", () =>
    Effect.gen(function* () {
      const to = (epsilon: number) => sweepOf("m", [[epsilon, 50]])
      const named = (name: string, sweep: ReturnType<typeof to>, attack = "FGSM") => ({
        ...sweep,
        title: `${name} under ${attack}`
      })
      const transfer = sweepOf("m", [[0.2, 50]], "transfer")
      const chart = sweepChart({
        a: named("a", to(0.1)),
        b: named("b", to(0.3)),
        c: named("c", transfer),
        d: named("c", to(0.2), "PGD"),
        e: named("c", to(0.2), "PGD with restarts"),
        f: named("c", transfer, "transferred PGD, 10 steps, cross-entropy, first success")
      })
      const guessing = rowsOf(chart).filter((value) => Object(value).role === "chance")
      assert.deepStrictEqual(
        guessing.map((value) => Object(value).epsilon),
        [0, 0.3, 0, 0.2, 0, 0.2, 0, 0.2, 0, 0.2]
      )
      // Where the frames are: three beside each other, and two below.
      const svg = yield* drawChart("t", chart)
      const frames = svg.matchAll(
        /translate\(([\d.]+),([\d.]+)\)"><path class="background"[^>]*d="M0,0h330v210/g
      )
      const places = [...new Set(Array.from(frames, ([, x, y]) => `${x} ${y}`))]
      assert.strictEqual(places.length, 5)
      const heights = places.map((place) => Number(place.split(" ")[1]))
      assert.deepStrictEqual(new Set(heights.slice(0, 3)), new Set([0]))
      assert.strictEqual(heights[3], heights[4])
      assert.isAbove(heights[3] ?? 0, 210)
    })
  )

  it.effect("of sweeps without a point is an empty chart", () =>
    Effect.gen(function* () {
      assert.match(yield* drawChart("t", sweepChart({ none: sweepOf("m", []) })), /^<svg /)
      assert.match(yield* drawChart("t", sweepChart({})), /^<svg /)
    })
  )
})

describe("a chart of curves", () => {
  it("keeps so many points as can be seen, spread evenly, and the last one", () => {
    const points = Array.from({ length: 1000 }, (_, at) => at)
    assert.deepStrictEqual(thinned(points, 1000), points)
    assert.deepStrictEqual(thinned(points.slice(0, 10), 4), [0, 3, 6, 9])
    assert.deepStrictEqual(thinned(points.slice(0, 9), 4), [0, 3, 6, 8])
    assert.isAtMost(thinned(points, 7).length, 8)
  })
})

describe("text in a chart", () => {
  it.effect("is what XML can hold, and turns no direction", () =>
    Effect.gen(function* () {
      const points = [
        [1, 2],
        [2, 3]
      ] as const
      const svg = yield* drawChart(
        "t",
        curveChart([{ metric: "a\u0007b\u202ec\ud800d\u2028<&>\"'", line: "l", points }])
      )
      assert.isTrue(
        texts(svg).some((text) => text.startsWith("a\ufffdb\ufffdc\ufffdd\ufffd")),
        texts(svg).join("|")
      )
      assert.include(svg, "&lt;&amp;&gt;")
    })
  )

  it("of a legend has room: columns by the longest name, and no name is cut that need not be", () => {
    assert.strictEqual(legendOf(["a", "b"]).columns, 6)
    assert.strictEqual(legendOf(["a".repeat(30), "b"]).columns, 3)
    assert.strictEqual(legendOf(["a".repeat(1e6)]).columns, 2)
    assert.strictEqual(legendOf([]).columns, 6)
  })
})

describe("the palette", () => {
  /** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const contrast = (a: string, b: string): number => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }

  it("can be seen on its page: text 4.5 to 1, lines 3 to 1", () => {
    for (const { page, ink, soft, bad, good, series, reference } of [onWhite, onBlack]) {
      for (const colour of [ink, soft, bad, good]) assert.isAtLeast(contrast(colour, page), 4.5, colour)
      for (const colour of [...series, reference]) assert.isAtLeast(contrast(colour, page), 3, colour)
    }
  })

  it("has each colour once, so that each has one twin", () => {
    const { series, ...others } = onWhite
    const all = [...series, ...Object.values(others)]
    assert.lengthOf(new Set(all), all.length)
  })
})

describe("sweeps of one title", () => {
  it.effect("are a line each, under their own names", () =>
    Effect.gen(function* () {
      const cell = (correct: number) => sweepOf("CNN", [[0.1, correct]])
      const svg = yield* drawChart("t", sweepChart({ "right clamp": cell(20), "no clamp": cell(60) }))
      assert.sameMembers([...among(svg, ["right clamp", "no clamp", "CNN"])], ["right clamp", "no clamp"])
      const one = yield* drawChart("t", sweepChart({ "right clamp": cell(20) }))
      assert.notInclude(texts(one), "right clamp")
    })
  )
})
