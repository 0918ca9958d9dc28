/**
 * Counts what models say of images as they are and of the same images attacked: the source of confusion matrices and histograms of
 * confidence.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Predictions, tenths } from "../src/artifact/kinds/predictions.ts"
import { Progress, Stage } from "../src/stage/index.ts"
import { makeMeasurer } from "../src/tensor/attack/index.ts"
import { loadModel } from "../src/tensor/evaluation/index.ts"

export const tallyPredictions = Stage.make("tally-predictions", {
  inputs: {
    models: Stage.record(Model),
    clean: Dataset,
    /** Images against each model, under its name. A model without any is judged on clean images alone. */
    attacked: Stage.record(Dataset)
  },
  params: Schema.Struct({
    title: Schema.String,
    /** What attacked images are called: `PGD, epsilon 0.3`. */
    attack: Schema.String,
    /** Images per run of a network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Predictions,

  *run({ models, clean, attacked }, { title, attack, batchSize }) {
    const judged: Array<Predictions["judged"][number]> = []
    const names = Object.keys(models)
    for (const [place, [name, model]] of Object.entries(models).entries()) {
      const own = attacked[name]
      const sets = [{ set: "clean", data: clean }, ...(own === undefined ? [] : [{ set: attack, data: own }])]
      const tallies = yield* Effect.gen(function* () {
        const loaded = yield* loadModel(
          model,
          sets.map(({ data }) => data)
        )
        const judge = yield* makeMeasurer({ ...loaded, batchSize })
        return yield* Effect.forEach(sets, ({ set, data }) => tally(judge, name, set, data, batchSize))
      }).pipe(Effect.scoped)
      judged.push(...tallies)
      yield* Progress.report(place + 1, names.length, "models")
    }
    return { title, classes: clean.info.classes, judged }
  }
})

const tally = Effect.fnUntraced(function* (
  judge: Effect.Success<ReturnType<typeof makeMeasurer>>,
  model: string,
  set: string,
  data: Dataset,
  batchSize: number
) {
  const cells = new Map<string, Predictions["judged"][number]["cells"][number]>()
  for (let from = 0; from < data.count; from += batchSize) {
    const rows = yield* data.rows(from, Math.min(from + batchSize, data.count))
    const { predictions, confidence } = yield* judge(rows.images, rows.labels)
    for (const [row, label] of rows.labels.entries()) {
      const prediction = predictions[row] ?? 0
      // A probability of 1 belongs to the last tenth.
      const tenth = Math.min(tenths - 1, Math.max(0, Math.floor((confidence[row] ?? 0) * tenths)))
      const key = `${label} ${prediction} ${tenth}`
      const images = (cells.get(key)?.images ?? 0) + 1
      cells.set(key, { label, prediction, tenth, images })
    }
  }
  return { model, set, images: data.count, cells: [...cells.values()] }
})
