/** Draws a table of the stage `attack-matrix`: what each model makes of the images that were made against each. */
import { Schema } from "effect"
import { Figure, Table } from "../src/artifact/index.ts"
import { drawnFigure } from "../src/figure/drawn-figure.ts"
import { matrixChart } from "../src/figure/matrix-chart.ts"
import { Stage } from "../src/stage/index.ts"

/** The table has no column of names with shares beside it. */
export class NotAMatrix extends Schema.TaggedError<NotAMatrix>()("NotAMatrix", {
  table: Schema.String,
  columns: Schema.Array(Schema.String)
}) {
  override get message() {
    return `table \`${this.table}\` has no shares to draw: its columns are ${this.columns.map((name) => `\`${name}\``).join(", ")}`
  }
  get hint() {
    return "wire a table of the stage `attack-matrix`: a column of text, then columns of the unit `share`"
  }
}

export const drawMatrix = Stage.make("draw-matrix", {
  inputs: { matrix: Table },
  params: Schema.Struct({ title: Schema.String }),
  output: Figure,

  *run({ matrix }, { title }) {
    const { columns, rows } = matrix
    const shares = columns.flatMap(({ unit }, place) => (unit === "share" ? [place] : []))
    if (columns[0]?.type !== "text" || shares.length === 0)
      return yield* new NotAMatrix({ table: matrix.title, columns: columns.map(({ name }) => name) })
    return yield* drawnFigure({
      title,
      description: `Accuracy in percent: rows are ${columns[0].name}, columns the judged models; framed where they are the same`,
      chart: matrixChart({
        down: columns[0].name,
        across: "judged model",
        columns: shares.map((place) => columns[place]?.name ?? ""),
        rows: rows.map((cells) => ({
          name: String(cells[0]),
          shares: shares.map((place) => {
            const share = cells[place]
            return typeof share === "number" ? share : null
          })
        }))
      })
    })
  }
})
