/**
 * The epsilon at which a sweep comes down to an accuracy, between two points on the straight line between them: how large an
 * attack would have had to be for a published number.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import type { Curve } from "../src/tensor/attack/hygiene/index.ts"
import { curveOf } from "../src/tensor/evaluation/index.ts"
import { sweepNamed } from "./sweep-named.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const epsilonAt = Stage.make("epsilon-at", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    wanted: Schema.Array(
      Schema.Struct({
        /** Whose accuracy it is: `FGSM, section 6`. */
        what: Schema.String,
        accuracy: Share,
        /** The epsilon that was published with it, in units of the pixel range [0, 1]; `null` where none was. */
        published: Schema.NullOr(Share),
        /** A name in `sweeps`. */
        sweep: Schema.String
      })
    )
  }),
  output: Table,

  *run({ sweeps }, { title, wanted }) {
    const rows: Array<Table["rows"][number]> = []
    for (const { what, accuracy, published, sweep: name } of wanted) {
      const curve = curveOf(yield* sweepNamed(sweeps, name, "wanted"))
      const epsilon = crossing(curve, accuracy)
      if (epsilon !== undefined) yield* Metrics.log(`epsilon_${name}_${accuracy}`, epsilon)
      const there = published === null ? undefined : curve.find((point) => point.epsilon === published)
      rows.push([what, name, accuracy, published, there?.accuracy ?? null, epsilon ?? null])
    }
    return { title, columns, rows }
  }
})

const columns: Table["columns"] = [
  { name: "what", type: "text" },
  { name: "sweep", type: "text" },
  { name: "published accuracy", type: "number", unit: "share" },
  { name: "published epsilon", type: "number" },
  { name: "accuracy there", type: "number", unit: "share" },
  { name: "epsilon of that accuracy", type: "number" }
]

/** Where the curve first falls to the accuracy; `undefined` where it begins below it, or never falls so far. */
const crossing = (curve: Curve, accuracy: number): number | undefined => {
  for (const [place, to] of curve.entries()) {
    const from = curve[place - 1]
    if (to.accuracy > accuracy) continue
    if (to.accuracy === accuracy) return to.epsilon
    if (from === undefined) return undefined
    const way = (from.accuracy - accuracy) / (from.accuracy - to.accuracy)
    return from.epsilon + way * (to.epsilon - from.epsilon)
  }
  return undefined
}
