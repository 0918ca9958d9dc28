import { Effect, Schema } from "effect"
import { Kind } from "../kind.ts"

const Cell = Schema.Union([Schema.Number, Schema.String, Schema.Boolean, Schema.Null])

/** Rows under named columns. A cell is `null` where a value does not exist. */
export const TableSchema = Schema.Struct({
  title: Schema.String,
  columns: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      type: Schema.Literals(["number", "text", "boolean"]),
      /** `s`, `images`, `share` (a fraction of one); absent for text and plain counts. */
      unit: Schema.optionalKey(Schema.String)
    })
  ),
  rows: Schema.Array(Schema.Array(Cell))
}).check(
  Schema.makeFilter(({ columns, rows }) => {
    const row = rows.findIndex((cells) => cells.length !== columns.length)
    return row === -1
      ? undefined
      : { path: ["rows", row], issue: `has ${rows[row]?.length} cells under ${columns.length} columns` }
  })
)
export type Table = typeof TableSchema.Type

const Stored = Kind.json("Table", TableSchema)

/** JSON has no NaN and no infinities, so they are stored as text; under a text column they were text before. */
const withText = (table: Table): Table => ({
  ...table,
  rows: table.rows.map((cells) =>
    cells.map((cell, column) =>
      table.columns[column]?.type === "text" && typeof cell === "number" && !Number.isFinite(cell)
        ? String(cell)
        : cell
    )
  )
})

export const Table = Kind.make<"Table", Table>({
  ...Stored,
  decode: (reader) => Effect.map(Stored.decode(reader), withText)
})
