/**
 * One table of several studies: what was published, what the faithful repetition of the same quantity found, what the strongest
 * white-box attack that was made leaves of the corrected model at that epsilon, and why they differ.
 *
 * What was published and the repetition are rows of the studies' own comparisons. *Corrected* is always the least of all white-box
 * sweeps of one model, never noise or transfer: those have a column of their own.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { Attack } from "../src/tensor/attack/index.ts"
import { accuracyAt, attackText, pointAt } from "../src/tensor/evaluation/index.ts"
import { sweepNamed } from "./sweep-named.ts"

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

/** No white-box attack was made on a model, so that there is nothing to call corrected. */
export class NoWhiteBox extends Schema.TaggedError<NoWhiteBox>()("NoWhiteBox", {
  what: Schema.String,
  sweeps: Schema.Array(Schema.String)
}) {
  override get message() {
    return `param \`rows\`: of \`${this.what}\`, none of ${this.sweeps.map((name) => `\`${name}\``).join(", ") || "no sweeps"} is a white-box sweep`
  }
  get hint() {
    return "name the white-box sweeps of the model that was corrected"
  }
}

export const studySummary = Stage.make("study-summary", {
  inputs: {
    /** Tables of the stage `compare`, by the study's name. */
    comparisons: Stage.record(Table),
    /** The corrected models' sweeps. */
    sweeps: Stage.record(Sweep)
  },
  params: Schema.Struct({
    title: Schema.String,
    rows: Schema.Array(
      Schema.Struct({
        study: Schema.String,
        /** As in the comparison; the first row with it counts. */
        what: Schema.String,
        epsilon: Schema.Finite,
        /** All sweeps of the corrected model; those of noise and of transfer are passed over. */
        corrected: Schema.Array(Schema.String),
        /** The sweep that measures the same by transfer; `null` where transfer is not what was published. */
        transfer: Schema.NullOr(Schema.String),
        /** Why what we get differs from what was published, in a sentence. */
        why: Schema.String
      })
    )
  }),
  output: Table,

  *run({ comparisons, sweeps }, { title, rows }) {
    const found: Array<Table["rows"][number]> = []
    for (const { study, what, epsilon, corrected, transfer, why } of rows) {
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
      const candidates = []
      for (const name of corrected) candidates.push(yield* sweepNamed(sweeps, name, "rows"))
      if (candidates.every(({ source }) => source !== "white-box"))
        return yield* new NoWhiteBox({ what, sweeps: corrected })
      const strongest = leastOf(candidates, epsilon)
      const carried = transfer === null ? undefined : yield* sweepNamed(sweeps, transfer, "rows")
      const transferred = carried && pointAt(carried, epsilon)
      const other = transferred && accuracyAt(transferred)
      found.push([
        study,
        what,
        epsilon,
        cell("published"),
        cell("faithful"),
        cell("faithful s.e."),
        strongest?.accuracy ?? null,
        strongest?.standardError ?? null,
        strongest === undefined ? "none at this epsilon" : calledOf(strongest.sweep),
        other?.accuracy ?? null,
        other?.standardError ?? null,
        why
      ])
    }
    yield* Metrics.log("rows", found.length)
    return { title, columns, rows: found }
  }
})

/** What is left by the white-box sweep that leaves least at an epsilon. */
const leastOf = (sweeps: ReadonlyArray<Sweep>, epsilon: number) =>
  sweeps
    .flatMap((sweep) => {
      const point = sweep.source === "white-box" ? pointAt(sweep, epsilon) : undefined
      return point === undefined ? [] : [{ sweep, ...accuracyAt(point) }]
    })
    .toSorted((a, b) => a.accuracy - b.accuracy)[0]

/** `<model> under <attack>`, also of sweeps that were pooled, whose titles do not name the attack. */
const calledOf = ({ title, attack }: Sweep): string =>
  title.includes(" under ") || !isAttack(attack) ? title : `${title}: ${attackText(attack, "relative")}`

const isAttack = Schema.is(Attack)

const corrected = "corrected, strongest white-box attack made"

const columns: Table["columns"] = [
  { name: "study", type: "text" },
  { name: "what", type: "text" },
  { name: "at ε", type: "number" },
  { name: "published", type: "number", unit: "share" },
  { name: "faithful", type: "number", unit: "share" },
  { name: "faithful s.e.", type: "number", unit: "share" },
  { name: corrected, type: "number", unit: "share" },
  { name: `${corrected} s.e.`, type: "number", unit: "share" },
  { name: "which attack", type: "text" },
  { name: "transferred images", type: "number", unit: "share" },
  { name: "transferred images s.e.", type: "number", unit: "share" },
  { name: "why they differ", type: "text" }
]
