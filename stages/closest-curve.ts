/** What the guess that comes closest to a published table (stage `closest-cell`) measured, point by point. */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import { Cell, fitCells, PublishedColumn } from "./cell-fit.ts"

export const closestCurve = Stage.make("closest-curve", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    published: Schema.NonEmptyArray(PublishedColumn),
    cells: Schema.NonEmptyArray(Cell)
  }),
  output: Table,

  *run({ sweeps }, { title, published, cells }) {
    const [best] = yield* fitCells({ sweeps, published, cells })
    return {
      title: best === undefined ? title : `${title}: ${best.cell.name}`,
      columns,
      rows: (best?.points ?? []).map(
        ({ column, epsilon, pixelEpsilon, published, measured, standardError }) => [
          column,
          epsilon,
          pixelEpsilon,
          published,
          measured,
          standardError,
          measured - published
        ]
      )
    }
  }
})

const columns: Table["columns"] = [
  { name: "column", type: "text" },
  { name: "epsilon as printed", type: "number" },
  { name: "epsilon in pixels", type: "number" },
  { name: "published", type: "number", unit: "share" },
  { name: "measured", type: "number", unit: "share" },
  { name: "measured s.e.", type: "number", unit: "share" },
  { name: "measured − published", type: "number", unit: "share" }
]
