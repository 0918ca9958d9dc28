/**
 * Which accuracies under attack cannot be, whatever the model: published ones, and sweeps.
 *
 * - `grey-bound`: with L-infinity and epsilon 0.5 every image in [0, 1] can be made the same grey one, so an attack that is
 *   carried out honestly leaves at most the share of the largest class.
 * - `non-increasing`: an attack of a larger epsilon may do all that a smaller one does, so accuracy must not rise with epsilon,
 *   nor above that without an attack. A single point says nothing of this.
 *
 * Only white-box sweeps are looked at: what noise or another model's images leave is not bounded by this.
 */
import { Effect, Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import {
  type Curve,
  type Finding,
  greyBound,
  greyEpsilon,
  nonIncreasing
} from "../src/tensor/attack/hygiene/index.ts"
import { curveOf, largestClassShare } from "../src/tensor/evaluation/index.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const plausibility = Stage.make("plausibility", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    /** By how much of an accuracy a rule may be broken, as a share of one. */
    tolerance: Share,
    published: Schema.Array(
      Schema.Struct({
        what: Schema.String,
        /** Pairs of epsilon, in units of the pixel range [0, 1], and accuracy. */
        points: Schema.Array(Schema.Tuple([Share, Share])),
        /** Share of the images that were looked at that belong to the most frequent class. */
        largestClassShare: Share
      })
    )
  }),
  output: Table,

  *run({ sweeps }, { title, tolerance, published }) {
    const rows: Array<Table["rows"][number]> = []
    let implausible = 0
    const check = (name: string, source: string, curve: Curve, chance: number) => {
      const findings = [
        ...(curve.length > 1 ? [nonIncreasing(curve, tolerance)] : []),
        ...(curve.some(({ epsilon }) => epsilon >= greyEpsilon) ? [greyBound(curve, chance, tolerance)] : [])
      ]
      implausible += findings.filter(({ passed }) => !passed).length
      for (const finding of findings) rows.push(rowOf(name, source, finding))
    }
    for (const { what, points, largestClassShare } of published)
      check(
        what,
        "published",
        points.map(([epsilon, accuracy]) => ({ epsilon, accuracy })),
        largestClassShare
      )
    for (const [name, sweep] of Object.entries(sweeps))
      if (sweep.source === "white-box" && sweep.attack["norm"] !== "l2")
        check(name, "measured", curveOf(sweep), largestClassShare(sweep))
    yield* Metrics.log("implausible", implausible)
    if (implausible > 0)
      yield* Effect.logWarning(`${title}: ${implausible} of ${rows.length} checks found what cannot be`)
    return { title, columns, rows }
  }
})

const columns: Table["columns"] = [
  { name: "what", type: "text" },
  { name: "origin", type: "text" },
  { name: "check", type: "text" },
  { name: "plausible", type: "boolean" },
  { name: "what was found", type: "text" }
]

const rowOf = (name: string, origin: string, { check, passed, sentence }: Finding): Table["rows"][number] => [
  name,
  origin,
  check,
  passed,
  sentence
]
