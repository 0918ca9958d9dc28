/** Drawings as artifacts: SVG, the same as PNG, and what it shows in words. */
import { Effect } from "effect"
import type { Figure } from "../artifact/kinds/figure.ts"
import { type Chart, type ChartFailed, drawChart } from "./chart.ts"
import { Rasteriser, type RasteriserFailed } from "./rasteriser.ts"

export interface Caption {
  readonly title: string
  /** What a reader who cannot see it should know. */
  readonly description: string
}

export const drawnFigure = ({
  chart,
  ...caption
}: Caption & { readonly chart: Chart }): Effect.Effect<Figure, ChartFailed | RasteriserFailed> =>
  Effect.flatMap(drawChart(caption.title, chart), (svg) => figureOf({ ...caption, svg }))

/** An SVG with a PNG beside it, where there is a rasteriser. */
export const figureOf = (
  drawing: Caption & { readonly svg: string }
): Effect.Effect<Figure, RasteriserFailed> =>
  Effect.flatMap(Rasteriser, (rasteriser) =>
    rasteriser === undefined
      ? Effect.succeed(drawing)
      : Effect.map(rasteriser.png(drawing.svg), (png) => ({ ...drawing, png }))
  )
