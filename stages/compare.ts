/**
 * Puts published accuracies beside measured ones: a row for each published point, with what the faithful repetition and the
 * corrected experiment found at the same epsilon.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { type Accuracy, accuracyAt, pointAt } from "../src/tensor/evaluation/index.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** A curve as it was published, and what it is compared with. */
export const PublishedCurve = Schema.Struct({
  /** What was measured: `baseline under FGSM`. */
  what: Schema.String,
  /** Where it was published, and how exactly the numbers can be read there. */
  source: Schema.String,
  /** Pairs of epsilon and accuracy. */
  points: Schema.Array(Schema.Tuple([Share, Share])),
  /** The names of the sweeps that measure the same; `null` where none does. */
  faithful: Schema.NullOr(Schema.String),
  corrected: Schema.NullOr(Schema.String)
})
export type PublishedCurve = typeof PublishedCurve.Type

/** A comparison names a sweep that is not wired. */
export class NoSuchSweep extends Schema.TaggedError<NoSuchSweep>()("NoSuchSweep", {
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `param \`published\` names a sweep \`${this.name}\` that is not among the inputs`
  }
  get hint() {
    return `the sweeps are ${this.known.map((name) => `\`${name}\``).join(", ")}`
  }
}

export const compare = Stage.make("compare", {
  inputs: { faithful: Stage.record(Sweep), corrected: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    published: Schema.Array(PublishedCurve)
  }),
  output: Table,

  *run({ faithful, corrected }, { title, published }) {
    const rows: Array<Table["rows"][number]> = []
    const differences: Array<number> = []
    for (const curve of published) {
      const first = yield* sweepNamed(faithful, curve.faithful)
      const second = yield* sweepNamed(corrected, curve.corrected)
      for (const [epsilon, accuracy] of curve.points) {
        const ours = measured(first, epsilon)
        const better = measured(second, epsilon)
        if (ours !== undefined) differences.push(ours.accuracy - accuracy)
        rows.push([
          curve.what,
          epsilon,
          accuracy,
          ...cells(ours),
          ours === undefined ? null : ours.accuracy - accuracy,
          ...cells(better),
          curve.source,
          ...counts(ours),
          ...counts(better)
        ])
      }
    }
    if (differences.length > 0) yield* Metrics.log("root_mean_square_difference", rootMeanSquare(differences))
    yield* Metrics.log("points_compared", differences.length)
    return { title, columns, rows }
  }
})

const columns: Table["columns"] = [
  { name: "what", type: "text" },
  { name: "epsilon", type: "number" },
  { name: "published", type: "number", unit: "share" },
  { name: "faithful", type: "number", unit: "share" },
  { name: "faithful s.e.", type: "number", unit: "share" },
  { name: "faithful − published", type: "number", unit: "share" },
  { name: "corrected", type: "number", unit: "share" },
  { name: "corrected s.e.", type: "number", unit: "share" },
  { name: "source", type: "text" },
  { name: "faithful images", type: "number", unit: "images" },
  { name: "faithful sets", type: "number" },
  { name: "corrected images", type: "number", unit: "images" },
  { name: "corrected sets", type: "number" }
]

const sweepNamed = function* (sweeps: { readonly [name: string]: Sweep }, name: string | null) {
  if (name === null) return undefined
  const sweep = sweeps[name]
  if (sweep === undefined) return yield* new NoSuchSweep({ name, known: Object.keys(sweeps) })
  return sweep
}

const measured = (sweep: Sweep | undefined, epsilon: number): Accuracy | undefined => {
  const point = sweep && pointAt(sweep, epsilon)
  return point && accuracyAt(point)
}

const cells = (found: Accuracy | undefined) => [found?.accuracy ?? null, found?.standardError ?? null]
const counts = (found: Accuracy | undefined) => [found?.count ?? null, found?.sets ?? null]

const rootMeanSquare = (values: ReadonlyArray<number>): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
