/** Accuracies of models under images that were made against each of them: a cell for each pair, with its value. */
import type { Chart } from "./chart.ts"
import { onWhite } from "./palette.ts"

export interface Matrix {
  /** What the rows and the columns are. */
  readonly down: string
  readonly across: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<{
    readonly name: string
    /** Shares in [0, 1]; `null` where there is none. */
    readonly shares: ReadonlyArray<number | null>
  }>
}

/** On cells darker than this, ink is white. */
const darkFrom = 0.55
/** What a cell looks like does not change with the page, so its ink must not either. */
const [lightInk, darkInk] = ["#ffffff", "#111111"]

export const matrixChart = ({ down, across, columns, rows }: Matrix): Chart => {
  const values = rows.flatMap(({ name, shares }) =>
    shares.flatMap((share, place) =>
      share === null
        ? []
        : [
            {
              row: name,
              column: columns[place] ?? "",
              share,
              text: (100 * share).toFixed(1),
              dark: share >= darkFrom,
              // Made against the very model that is judged.
              own: name === columns[place]
            }
          ]
    )
  )
  const x = {
    field: "column",
    type: "nominal" as const,
    title: across,
    scale: { domain: [...columns] },
    axis: { orient: "top" as const, labelAngle: -30, domain: false, ticks: false, labelColor: onWhite.ink }
  }
  const y = {
    field: "row",
    type: "nominal" as const,
    title: down,
    scale: { domain: rows.map(({ name }) => name) },
    axis: { domain: false, ticks: false, labelColor: onWhite.ink }
  }
  return {
    data: { values },
    width: { step: 74 },
    height: { step: 34 },
    encoding: { x, y },
    layer: [
      {
        mark: { type: "rect", stroke: onWhite.page, strokeWidth: 2 },
        encoding: {
          color: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], scheme: "blues" },
            legend: null
          }
        }
      },
      {
        transform: [{ filter: { field: "own", equal: true } }],
        mark: { type: "rect", filled: false, stroke: onWhite.series[1], strokeWidth: 2 }
      },
      {
        mark: { type: "text", fontSize: 12 },
        encoding: {
          text: { field: "text" },
          color: {
            condition: { test: { field: "dark", equal: true }, value: lightInk },
            value: darkInk
          }
        }
      }
    ]
  }
}
