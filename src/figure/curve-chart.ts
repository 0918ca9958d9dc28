/** Metrics over epochs or whatever a stage counts: a panel for each metric, a line for each node. */
import type { Chart } from "./chart.ts"
import { legendOf } from "./legend.ts"
import { colours, shapes } from "./palette.ts"
import { inOrder, placed } from "./panels.ts"

/** Curves by metric. */
export type CurvePoints = { readonly [metric: string]: ReadonlyArray<readonly [step: number, value: number]> }

export interface Curve {
  /** The panel: `training_loss`. */
  readonly metric: string
  /** The line: a node, or a run. */
  readonly line: string
  readonly points: ReadonlyArray<readonly [step: number, value: number]>
}

/** Below so many points, each is marked. */
const fewPoints = 30

/** More points than a panel has room for. */
const mostPoints = 500

/** So many of the points at most, evenly spread, and the last one. */
export const thinned = <Point>(points: ReadonlyArray<Point>, most: number): ReadonlyArray<Point> => {
  const stride = Math.ceil(points.length / most)
  return stride <= 1
    ? points
    : points.filter((_, index) => index % stride === 0 || index === points.length - 1)
}

export const curveChart = (curves: ReadonlyArray<Curve>, step = "epoch"): Chart => {
  const values = curves.flatMap(({ metric, line, points }) =>
    thinned(points, mostPoints).flatMap(([at, value]) =>
      Number.isFinite(value) ? [{ metric, line, at, value }] : []
    )
  )
  const lines = [...new Set(curves.map(({ line }) => line))]
  const line = {
    field: "line",
    type: "nominal" as const,
    title: null,
    legend: legendOf(lines)
  }
  const colour = { ...line, scale: { domain: lines, range: colours(lines.length) } }
  const range = lines.map((_, index) => shapes[index % shapes.length] ?? "circle")
  const panels = new Set(values.map(({ metric }) => metric)).size
  const longest = curves.reduce((most, { points }) => Math.max(most, points.length), 0)
  return {
    data: { values: placed(values, ["metric"]) },
    facet: inOrder("metric"),
    // Four are a square.
    columns: panels === 4 ? 2 : 3,
    resolve: { scale: { y: "independent", x: "independent" }, axis: { x: "independent" } },
    spec: {
      width: 300,
      height: 190,
      encoding: {
        x: {
          field: "at",
          type: "quantitative",
          title: step,
          scale: { zero: false, nice: false },
          axis: { grid: false, tickMinStep: 1, tickCount: 6 }
        },
        y: {
          field: "value",
          type: "quantitative",
          title: null,
          scale: { zero: false },
          axis: { tickCount: 5 }
        }
      },
      layer: [
        { mark: { type: "line", strokeWidth: 1.8 }, encoding: { color: colour } },
        ...(longest > fewPoints
          ? []
          : [
              {
                mark: { type: "point" as const, filled: true, size: 34, opacity: 1 },
                encoding: { color: colour, shape: { ...line, scale: { domain: lines, range } } }
              }
            ])
      ]
    }
  }
}
