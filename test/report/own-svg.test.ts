/** Which SVGs become part of a page. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { drawChart } from "../../src/figure/chart.ts"
import { confidenceChart } from "../../src/figure/confidence-chart.ts"
import { confusionChart } from "../../src/figure/confusion-chart.ts"
import { curveChart } from "../../src/figure/curve-chart.ts"
import { imageGrid } from "../../src/figure/image-grid.ts"
import { matrixChart } from "../../src/figure/matrix-chart.ts"
import { onWhite } from "../../src/figure/palette.ts"
import { sweepChart } from "../../src/figure/sweep-chart.ts"
import { ownSvg } from "../../src/report/own-svg.ts"
import { hostile, sweepOf } from "./examples.ts"

const head = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">'
const predictions = {
  title: "t",
  classes: ["a", "b"],
  judged: hostile.map((model) => ({
    model,
    set: "clean",
    images: 2,
    cells: [{ label: 0, prediction: 1, tenth: 9, images: 2 }]
  }))
}
const pixels = new Float32Array(4)
const said = { prediction: hostile[1] ?? "", confidence: 0.5, right: false }
const charts = {
  sweeps: sweepChart(
    Object.fromEntries(
      hostile.map((name) => [
        name,
        {
          ...sweepOf(name, [
            [0, 90],
            [0.3, 10]
          ]),
          title: `${name} under ${name}`
        }
      ])
    ),
    [{ sweep: hostile[0] ?? "", epsilon: 0.1, accuracy: 0.5 }]
  ),
  matrix: matrixChart({
    down: hostile[0] ?? "",
    across: "x",
    columns: hostile,
    rows: [{ name: hostile[1] ?? "", shares: hostile.map(() => 0.5) }]
  }),
  confusion: confusionChart(predictions),
  confidence: confidenceChart(predictions),
  curves: curveChart(
    hostile.map((line) => ({
      metric: line,
      line,
      points: [
        [1, 2],
        [2, 3]
      ]
    }))
  )
}

describe("an SVG", () => {
  it.effect.each(Object.entries(charts))(
    "of our chart %s is understood, whatever its names are",
    ([, chart]) =>
      Effect.gen(function* () {
        const svg = yield* drawChart("t", chart)
        const own = ownSvg(svg, hostile[1] ?? "")
        assert.isDefined(own)
        assert.notInclude(own?.text ?? "", onWhite.ink)
        assert.include(own?.text ?? "", "var(--")
        assert.notMatch(own?.text ?? "", /<script|<img|<\/?style/)
      })
  )

  it("of our grid of images is understood", () => {
    const block = {
      model: hostile[0] ?? "",
      clean: [said],
      attacked: [{ epsilon: 0.1, images: [{ perturbation: pixels, image: pixels, said }] }]
    }
    assert.isDefined(ownSvg(imageGrid({ shape: [2, 2, 1], clean: [pixels], blocks: [block] }), "grid"))
  })

  it.each([
    ["a script", `${head}<script>x</script></svg>`],
    ["a handler", `<svg onload="x"></svg>`],
    ["a handler of a shape", `${head}<rect onclick="x"/></svg>`],
    ["HTML", `${head}<foreignObject/></svg>`],
    ["a link", `${head}<a href="javascript:x"><text>y</text></a></svg>`],
    ["an address", `${head}<image href="https://example.org/a.png"/></svg>`],
    ["another SVG inside a picture", `${head}<image href="data:image/svg+xml;base64,AA=="/></svg>`],
    ["a style", `${head}<style>x</style></svg>`],
    ["a style of a shape", `${head}<rect style="x"/></svg>`],
    ["a colour that loads", `${head}<rect fill="url(https://example.org)"/></svg>`],
    ["an entity", `${head}<text>&evil;</text></svg>`],
    ["a document type", `<!DOCTYPE svg><svg></svg>`],
    ["a comment", `${head}<!-- x --></svg>`],
    ["an element that is not closed", `${head}<g></svg>`],
    ["an element too many", `${head}</svg></svg>`],
    ["something after it", `${head}</svg><p>`],
    ["text after it", `${head}</svg>text`],
    ["two of it", `${head}</svg>${head}</svg>`],
    ["an attribute without quotes", `${head}<rect x=1/></svg>`],
    ["nothing", ""],
    ["text", "hello"]
  ])("with %s is not", (_, svg) => assert.isUndefined(ownSvg(svg, "label")))

  it("that is understood can never begin a script, wherever one is put into it", () => {
    const svg = `${head}<g transform="translate(1,2)"><text x="1" fill="${onWhite.ink}">a</text></g></svg>`
    const pieces = [...hostile, "<script>", "onload=", '"', "'", "<", ">", "javascript:", "<style>", "url(x)"]
    fc.assert(
      fc.property(fc.nat(svg.length), fc.constantFrom(...pieces), (place, piece) => {
        const own = ownSvg(svg.slice(0, place) + piece + svg.slice(place), "label")
        // Between tags all but a tag is harmless.
        const tags = own?.text.replaceAll(/>[^<]*/g, ">") ?? ""
        assert.notMatch(tags, /<(?!\/?(?:svg|g|text)\b)|\son\w+=|url\(/)
      })
    )
  })
})
