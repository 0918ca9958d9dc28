/**
 * One table of several studies: what was published, what the faithful repetition and the corrected experiment found, and why they
 * differ. It takes rows out of the studies' own comparisons.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** A row that is asked for is in no comparison. */
export class NoSuchRow extends Schema.TaggedError<NoSuchRow>()("NoSuchRow", {
  study: Schema.String,
  what: Schema.String,
  epsilon: Schema.Finite,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `param \`rows\` asks for \`${this.what}\` at epsilon ${this.epsilon} of study \`${this.study}\`, which its comparison has not`
  }
  get hint() {
    return this.known.length === 0
      ? "wire a table of the stage `compare` under that name"
      : `it has ${this.known.map((what) => `\`${what}\``).join(", ")}, each at the published epsilons`
  }
}

export const studySummary = Stage.make("study-summary", {
  inputs: {
    /** Tables of the stage `compare`, by the study's name. */
    comparisons: Stage.record(Table)
  },
  params: Schema.Struct({
    title: Schema.String,
    rows: Schema.Array(
      Schema.Struct({
        study: Schema.String,
        /** As in the comparison; the first row with it counts. */
        what: Schema.String,
        epsilon: Schema.Finite,
        /** Why what we get differs from what was published, in a sentence. */
        why: Schema.String
      })
    )
  }),
  output: Table,

  *run({ comparisons }, { title, rows }) {
    const found: Array<Table["rows"][number]> = []
    for (const { study, what, epsilon, why } of rows) {
      const table = Object.hasOwn(comparisons, study) ? comparisons[study] : undefined
      const place = (column: string) => table?.columns.findIndex(({ name }) => name === column) ?? -1
      const row = table?.rows.find(
        (cells) => cells[place("what")] === what && cells[place("epsilon")] === epsilon
      )
      if (row === undefined) {
        const known = [...new Set(table?.rows.map((cells) => String(cells[place("what")])))]
        return yield* new NoSuchRow({ study, what, epsilon, known })
      }
      const cell = (column: string) => row[place(column)] ?? null
      found.push([study, what, epsilon, cell("published"), cell("faithful"), cell("corrected"), why])
    }
    yield* Metrics.log("rows", found.length)
    return { title, columns, rows: found }
  }
})

const columns: Table["columns"] = [
  { name: "study", type: "text" },
  { name: "what", type: "text" },
  { name: "epsilon", type: "number" },
  { name: "published", type: "number", unit: "share" },
  { name: "faithful", type: "number", unit: "share" },
  { name: "corrected", type: "number", unit: "share" },
  { name: "why they differ", type: "text" }
]
