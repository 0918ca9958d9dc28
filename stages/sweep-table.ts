/** Puts sweeps into one table: a row for each sweep and epsilon. */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import { accuracyAt } from "../src/tensor/evaluation/index.ts"

export const sweepTable = Stage.make("sweep-table", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({ title: Schema.String }),
  output: Table,

  *run({ sweeps }, { title }) {
    return {
      title,
      columns,
      rows: Object.entries(sweeps).flatMap(([name, sweep]) =>
        sweep.points.map((point) => {
          const { accuracy, standardError, count, sets } = accuracyAt(point)
          return [
            name,
            sweep.title,
            sweep.source,
            point.epsilon,
            accuracy,
            standardError,
            count,
            sets,
            worstClass(point),
            mean(point.trials.map(({ confidence }) => confidence)),
            mean(
              point.trials.flatMap(({ wrongConfidence }) =>
                wrongConfidence === null ? [] : [wrongConfidence]
              )
            )
          ]
        })
      )
    }
  }
})

const columns: Table["columns"] = [
  { name: "sweep", type: "text" },
  { name: "what", type: "text" },
  { name: "threat model", type: "text" },
  { name: "epsilon", type: "number" },
  { name: "accuracy", type: "number", unit: "share" },
  { name: "standard error", type: "number", unit: "share" },
  { name: "images", type: "number", unit: "images" },
  // Samples, or repetitions with other seeds. Over several, the standard error is that of their mean.
  { name: "sets", type: "number" },
  { name: "worst class", type: "number", unit: "share" },
  { name: "confidence", type: "number", unit: "share" },
  { name: "confidence when wrong", type: "number", unit: "share" }
]

/** The least accuracy of a class, over all sets together; `null` where no class has an image. */
const worstClass = ({ trials }: Sweep["points"][number]): number | null => {
  const classes = trials[0]?.perClass ?? []
  const accuracies = classes.flatMap((_, label) => {
    const count = sum(trials.map(({ perClass }) => perClass[label]?.count ?? 0))
    return count === 0 ? [] : [sum(trials.map(({ perClass }) => perClass[label]?.correct ?? 0)) / count]
  })
  return accuracies.length === 0 ? null : Math.min(...accuracies)
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
const mean = (values: ReadonlyArray<number>): number | null =>
  values.length === 0 ? null : sum(values) / values.length
