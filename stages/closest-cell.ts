/**
 * Which of several guesses at what a study did comes closest to what it published: a row for each guess, the closest first, by the
 * root mean square of the differences over all published points.
 */
import { Effect, Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { Cell, fitCells, PublishedColumn, rootMeanSquare } from "./cell-fit.ts"

export const closestCell = Stage.make("closest-cell", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    /** What the facts are called that cells differ in, for the columns: `preprocessing`. */
    facts: Schema.Array(Schema.String),
    published: Schema.NonEmptyArray(PublishedColumn),
    cells: Schema.NonEmptyArray(Cell)
  }),
  output: Table,

  *run({ sweeps }, { title, facts, published, cells }) {
    const fits = yield* fitCells({ sweeps, published, cells })
    const [best] = fits
    if (best !== undefined) {
      yield* Metrics.log("root_mean_square_difference", rootMeanSquare(best.points))
      yield* Effect.logInfo(`closest to what was published: ${best.cell.name}`)
    }
    return {
      title,
      columns: [
        { name: "rank", type: "number" as const },
        ...facts.map((name) => ({ name, type: "text" as const })),
        { name: "RMS difference", type: "number" as const, unit: "share" },
        ...published.map(({ column }) => ({ name: column, type: "number" as const, unit: "share" }))
      ],
      rows: fits.map(({ cell, points }, place) => [
        place + 1,
        ...facts.map((_, fact) => cell.facts[fact] ?? null),
        rootMeanSquare(points),
        ...published.map(({ column }) => rootMeanSquare(points.filter((point) => point.column === column)))
      ])
    }
  }
})
