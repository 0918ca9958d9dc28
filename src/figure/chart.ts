/**
 * Charts by Vega-Lite, drawn without a browser.
 *
 * The library is loaded with the first chart. It works on numbers and text alone: data never become expressions, so names may
 * hold anything. Without the optional package `canvas` it guesses the width of text, and then the same chart has the same bytes
 * on every machine.
 */
import { Effect, Schema } from "effect"
import type { Config, TopLevelSpec } from "vega-lite"
import { onWhite } from "./palette.ts"

/** A chart as Vega-Lite has it, without the settings that all charts share. */
export type Chart = TopLevelSpec

/** The library refused a chart. */
export class ChartFailed extends Schema.TaggedError<ChartFailed>()("ChartFailed", {
  title: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the chart \`${this.title}\` cannot be drawn: ${this.reason}`
  }
  get hint() {
    return "this is a mistake of the program; please report it with the data that were drawn"
  }
}

/** Fonts of figures: the first is in the package, and PNGs are drawn with it. */
export const fontFamily = "Inter, Helvetica, Arial, sans-serif"

const { ink, soft, line, page } = onWhite

const config: Config = {
  background: page,
  font: fontFamily,
  padding: 8,
  axis: {
    labelColor: soft,
    titleColor: soft,
    titleFontWeight: "normal",
    titleFontSize: 12,
    labelFontSize: 11,
    gridColor: line,
    domainColor: line,
    tickColor: line,
    labelLimit: 220
  },
  header: { labelColor: ink, labelFontSize: 12, labelFontWeight: 600, titleColor: soft, labelLimit: 700 },
  legend: {
    labelColor: ink,
    labelFontSize: 12,
    titleColor: soft,
    titleFontWeight: "normal",
    titleFontSize: 12,
    symbolSize: 70,
    labelLimit: 260
  },
  text: { color: ink, fontSize: 11 },
  view: { stroke: null }
}

/** The chart as a file of SVG, on white. */
export const drawChart = (title: string, chart: Chart): Effect.Effect<string, ChartFailed> =>
  Effect.tryPromise({
    try: async () => {
      const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")])
      const { spec } = compile(chart, { config, logger: silent })
      const view = new vega.View(vega.parse(spec), { renderer: "none", logger: silent })
      try {
        return (await view.toSVG()).replace(notXml, "\ufffd")
      } finally {
        view.finalize()
      }
    },
    catch: (cause) => new ChartFailed({ title, reason: String(cause) })
  })

/** Characters that XML cannot hold, and those that nobody sees but that turn or end a line. */
const notXml =
  /[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** What the library warns of (a scale without data) shows in the chart. */
const silent = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent
}
