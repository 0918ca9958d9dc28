/**
 * Measures every model on every set of attacked images: a row for each set, a column for each model.
 *
 * Where the sets are called after the models that they were made against, the diagonal is white-box and everything else is
 * transfer.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model, Table } from "../src/artifact/index.ts"
import { Progress, Stage } from "../src/stage/index.ts"
import { makeMeasurer } from "../src/tensor/attack/index.ts"
import { loadModel } from "../src/tensor/evaluation/index.ts"

export const attackMatrix = Stage.make("attack-matrix", {
  inputs: {
    models: Stage.record(Model),
    /** Attacked images, by what they were made against. */
    sets: Stage.record(Dataset)
  },
  params: Schema.Struct({
    title: Schema.String,
    /** Images per run of a network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Table,

  *run({ models, sets }, { title, batchSize }) {
    const datasets = Object.values(sets)
    const images = datasets.reduce((sum, { count }) => sum + count, 0)
    const total = images * Object.keys(models).length
    let done = 0
    const columns: Array<ReadonlyArray<number>> = []
    for (const model of Object.values(models)) {
      const loaded = yield* loadModel(model, datasets)
      const accuracies = yield* Effect.gen(function* () {
        const judge = yield* makeMeasurer({ ...loaded, batchSize })
        return yield* Effect.forEach(
          datasets,
          Effect.fnUntraced(function* (data) {
            let correct = 0
            for (let from = 0; from < data.count; from += batchSize) {
              const rows = yield* data.rows(from, Math.min(from + batchSize, data.count))
              const answers = yield* judge(rows.images, rows.labels)
              for (const right of answers.correct) correct += right
              done += rows.labels.length
              yield* Progress.report(done, total, "images")
            }
            return correct / data.count
          })
        )
      }).pipe(Effect.scoped)
      columns.push(accuracies)
    }
    return {
      title,
      columns: [
        { name: "images made against", type: "text" as const },
        { name: "images", type: "number" as const, unit: "images" },
        ...Object.keys(models).map((name) => ({ name, type: "number" as const, unit: "share" }))
      ],
      rows: Object.entries(sets).map(([name, { count }], row) => [
        name,
        count,
        ...columns.map((accuracies) => accuracies[row] ?? null)
      ])
    }
  }
})
