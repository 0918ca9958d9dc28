/**
 * How much higher one sweep's accuracy is than another's, at each epsilon that they share: what a leak, or a defence, is worth.
 *
 * The standard error of a difference is that of two independent samples of images: sweeps do not keep which images were right, so
 * pairs cannot be told. Where both are of the same images it is too large, as long as the two models tend to get the same ones
 * right. It says nothing of what another seed of the trainings would change.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { accuracyAt, pointAt } from "../src/tensor/evaluation/index.ts"
import { sweepNamed } from "./sweep-named.ts"

export const sweepDifferences = Stage.make("sweep-differences", {
  inputs: { first: Stage.record(Sweep), second: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    /** What the two sides are called, for the columns. */
    names: Schema.Struct({ first: Schema.String, second: Schema.String }),
    /** Names that both inputs have. */
    sweeps: Schema.Array(Schema.String)
  }),
  output: Table,

  *run({ first, second }, { title, names, sweeps }) {
    const rows: Array<Table["rows"][number]> = []
    for (const name of sweeps) {
      const one = yield* sweepNamed(first, name, "sweeps")
      const other = yield* sweepNamed(second, name, "sweeps")
      for (const point of one.points) {
        const there = pointAt(other, point.epsilon)
        if (there === undefined) continue
        const [a, b] = [accuracyAt(point), accuracyAt(there)]
        const difference = a.accuracy - b.accuracy
        const standardError = Math.hypot(a.standardError, b.standardError)
        yield* Metrics.log(`difference_${name}_epsilon_${point.epsilon}`, difference)
        rows.push([
          name,
          point.epsilon,
          a.accuracy,
          a.standardError,
          b.accuracy,
          b.standardError,
          difference,
          standardError,
          a.count,
          a.sets,
          b.count,
          b.sets
        ])
      }
    }
    const side = (name: string): Table["columns"] => [
      { name, type: "number", unit: "share" },
      { name: `${name} s.e.`, type: "number", unit: "share" }
    ]
    const counts = (name: string): Table["columns"] => [
      { name: `${name} images`, type: "number", unit: "images" },
      { name: `${name} sets`, type: "number" }
    ]
    return {
      title,
      columns: [
        { name: "sweep", type: "text" as const },
        { name: "epsilon", type: "number" as const },
        ...side(names.first),
        ...side(names.second),
        ...side("difference in points"),
        ...counts(names.first),
        ...counts(names.second)
      ],
      rows
    }
  }
})
