/**
 * Puts published confidences beside measured ones, by both definitions in use: the mean probability of the predicted class over
 * all images, and over the images that are classified wrongly. Which one a paper means shows in which comes closer.
 *
 * @see Goodfellow et al. 2015, "Explaining and harnessing adversarial examples", section 4, for the second definition
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep, type SweepPoint } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { pointAt } from "../src/tensor/evaluation/index.ts"
import { meanOf } from "./mean-of.ts"
import { sweepNamed } from "./sweep-named.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const compareConfidence = Stage.make("compare-confidence", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    published: Schema.Array(
      Schema.Struct({
        what: Schema.String,
        /** Where it was published. */
        source: Schema.String,
        /** Pairs of epsilon and confidence. */
        points: Schema.Array(Schema.Tuple([Share, Share])),
        /** A name in `sweeps`. */
        sweep: Schema.String
      })
    )
  }),
  output: Table,

  *run({ sweeps }, { title, published }) {
    const rows: Array<Table["rows"][number]> = []
    const closer = { all: 0, wrong: 0 }
    for (const { what, source, points, sweep: name } of published) {
      const sweep = yield* sweepNamed(sweeps, name, "published")
      for (const [epsilon, confidence] of points) {
        const point = pointAt(sweep, epsilon)
        const [all, wrong] = [overAll(point), overWrong(point)]
        const nearer = closerOf(confidence, all?.mean, wrong?.mean)
        if (nearer !== null) closer[nearer]++
        rows.push([
          what,
          epsilon,
          confidence,
          all?.mean ?? null,
          all?.standardError ?? null,
          wrong?.mean ?? null,
          wrong?.standardError ?? null,
          nearer,
          source
        ])
      }
    }
    yield* Metrics.log("closer_over_all", closer.all)
    yield* Metrics.log("closer_over_wrong", closer.wrong)
    return { title, columns, rows }
  }
})

const columns: Table["columns"] = [
  { name: "what", type: "text" },
  { name: "epsilon", type: "number" },
  { name: "published", type: "number", unit: "share" },
  { name: "over all images", type: "number", unit: "share" },
  { name: "over all images s.e.", type: "number", unit: "share" },
  { name: "over wrong images", type: "number", unit: "share" },
  { name: "over wrong images s.e.", type: "number", unit: "share" },
  { name: "closer", type: "text" },
  { name: "source", type: "text" }
]

const overAll = (point: SweepPoint | undefined) =>
  point && meanOf(point.trials.map(({ confidence }) => confidence))

const overWrong = (point: SweepPoint | undefined) =>
  point &&
  meanOf(point.trials.flatMap(({ wrongConfidence }) => (wrongConfidence === null ? [] : [wrongConfidence])))

const closerOf = (published: number, all: number | undefined, wrong: number | undefined) => {
  if (all === undefined || wrong === undefined) return null
  return Math.abs(all - published) <= Math.abs(wrong - published) ? "all" : "wrong"
}
