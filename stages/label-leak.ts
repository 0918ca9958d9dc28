/**
 * The label-leak report: a model's accuracy under the attack that may leak labels beside its accuracy under others of the
 * same size that cannot.
 *
 * An attack made with the true label in one step from the image writes the label into the image, and a model that was trained
 * on such images learns to read it: then its accuracy under attack exceeds the clean one. Under honest attacks that vanishes.
 * Sweeps here are those of `attacked-sweep`, which count attacked images alone; of others, no accuracy exceeds the clean one.
 *
 * @see Kurakin et al. 2017, "Adversarial machine learning at scale", section 4.3
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep, type SweepPoint } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { accuracyAt, pointAt } from "../src/tensor/evaluation/index.ts"

const byModel = Stage.record(Sweep)

export const labelLeak = Stage.make("label-leak", {
  inputs: {
    /** One step with the true labels, by model; each with the clean accuracy, at epsilon 0. */
    leaking: byModel,
    /** The same attack made against another model: true labels leak through its gradients, too. */
    leakingTransfer: byModel,
    /** The honest attacks, by model. A model may lack one, as the source of the transfer does. */
    predictedLabels: byModel,
    randomStart: byModel,
    iterative: byModel,
    transfer: byModel,
    noise: byModel
  },
  params: Schema.Struct({
    title: Schema.String,
    /** By how many standard errors of the difference an accuracy must exceed the clean one to count as above it. */
    standardErrors: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
  }),
  output: Table,

  *run({ leaking, leakingTransfer, ...honest }, { title, standardErrors }) {
    const rows: Array<Table["rows"][number]> = []
    for (const [model, sweep] of Object.entries(leaking)) {
      const clean = pointAt(sweep, 0)
      for (const point of sweep.points) {
        if (point.epsilon === 0) continue
        const others = Object.values(honest).map((sweeps) => {
          const found = sweeps[model]
          return { clean: found && pointAt(found, 0), attacked: found && pointAt(found, point.epsilon) }
        })
        const carried = leakingTransfer[model]
        const leaks = isAbove(point, clean, standardErrors)
        const othersAbove = others.filter(
          ({ clean, attacked }) => isAbove(attacked, clean, standardErrors) === true
        ).length
        const measured = [
          clean,
          point,
          carried && pointAt(carried, point.epsilon),
          ...others.map(({ attacked }) => attacked)
        ].map((each) => each && accuracyAt(each))
        rows.push([
          model,
          point.epsilon,
          ...measured.flatMap((found) => [found?.accuracy ?? null, found?.standardError ?? null]),
          leaks ?? null,
          othersAbove,
          ...measured.map((found) => found?.count ?? null)
        ])
        yield* Metrics.log(`leak_${model}_epsilon_${point.epsilon}`, Number(leaks ?? false))
        yield* Metrics.log(`honest_above_clean_${model}_epsilon_${point.epsilon}`, othersAbove)
      }
    }
    return { title, columns, rows }
  }
})

const quantities = [
  "clean",
  "FGSM, true labels",
  "the same, transferred",
  "FGSM, predicted labels",
  "FGSM, random start",
  "PGD",
  "PGD, transferred",
  "noise"
]

const columns: Table["columns"] = [
  { name: "model", type: "text" },
  { name: "epsilon", type: "number" },
  ...quantities.flatMap((name): Table["columns"] => [
    { name, type: "number", unit: "share" },
    { name: `${name} s.e.`, type: "number", unit: "share" }
  ]),
  { name: "labels leak", type: "boolean" },
  { name: "honest attacks above clean", type: "number" },
  ...quantities.map((name): Table["columns"][number] => ({
    name: `${name} images`,
    type: "number",
    unit: "images"
  }))
]

/** Whether an accuracy under attack lies above the clean one on the same images; `undefined` where one of them is missing. */
const isAbove = (
  attacked: SweepPoint | undefined,
  clean: SweepPoint | undefined,
  standardErrors: number
): boolean | undefined => {
  if (attacked === undefined || clean === undefined) return undefined
  const { accuracy, standardError } = accuracyAt(attacked)
  const before = accuracyAt(clean)
  const ofDifference = Math.hypot(standardError, before.standardError)
  return accuracy - before.accuracy > standardErrors * ofDifference
}
