/**
 * Shows what an attack does to a few images: for each model the clean images, what the attack adds, and the attacked images, with
 * the model's predictions.
 *
 * The images are the first ones of different classes, in the order of the classes.
 */
import { Effect, Schema } from "effect"
import { Dataset, Figure, Model } from "../src/artifact/index.ts"
import { figureOf } from "../src/figure/drawn-figure.ts"
import { imageGrid as drawGrid, type GridBlock } from "../src/figure/image-grid.ts"
import { Progress, Stage } from "../src/stage/index.ts"
import {
  Attack,
  makeMeasurer,
  makePerturber,
  perturbationPicture,
  withEpsilon
} from "../src/tensor/attack/index.ts"
import { attackText, loadModel } from "../src/tensor/evaluation/index.ts"

export const imageGrid = Stage.make("image-grid", {
  inputs: { models: Stage.record(Model), data: Dataset },
  params: Schema.Struct({
    title: Schema.String,
    attack: Attack,
    /** In place of the attack's own; its step keeps its proportion. */
    epsilons: Schema.Array(Schema.Finite.check(Schema.isGreaterThan(0))),
    /** Of the random starts. */
    seed: Schema.Int,
    /** So many images, or fewer where there are fewer classes. */
    images: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))
  }),
  output: Figure,

  *run({ models, data }, { title, attack, epsilons, seed, images: most }) {
    const { shape, classes } = data.info
    const chosen = yield* firstOfClasses(data, most)
    const size = shape[0] * shape[1] * shape[2]
    const single = (images: Float32Array, row: number) => images.slice(row * size, (row + 1) * size)
    const shown = Array.from(chosen.labels, (_, row) => row)
    const blocks: Array<GridBlock> = []
    for (const [name, model] of Object.entries(models)) {
      const block = yield* Effect.gen(function* () {
        const loaded = yield* loadModel(model, [data])
        const batchSize = chosen.labels.length
        const judge = yield* makeMeasurer({ ...loaded, batchSize })
        const perturb = yield* makePerturber({ ...loaded, attack, batchSize, seed })
        const said = Effect.fnUntraced(function* (images: Float32Array) {
          const { predictions, confidence, correct } = yield* judge(images, chosen.labels)
          return shown.map((row) => ({
            prediction: classes[predictions[row] ?? 0] ?? String(predictions[row]),
            confidence: confidence[row] ?? 0,
            right: correct[row] === 1
          }))
        })
        const attacked = yield* Effect.forEach(
          epsilons,
          Effect.fnUntraced(function* (epsilon) {
            const images = yield* perturb(chosen, withEpsilon(attack, epsilon))
            const answers = yield* said(images)
            return {
              epsilon,
              images: answers.map((answer, row) => ({
                perturbation: perturbationPicture(single(chosen.images, row), single(images, row)),
                image: single(images, row),
                said: answer
              }))
            }
          })
        )
        return { model: name, clean: yield* said(chosen.images), attacked }
      }).pipe(Effect.scoped)
      blocks.push(block)
      yield* Progress.report(blocks.length, Object.keys(models).length, "models")
    }
    const svg = drawGrid({ shape, clean: shown.map((row) => single(chosen.images, row)), blocks })
    return yield* figureOf({
      title,
      description: `${attackText(attack, "relative")}: clean images, what is added (grey is nothing; stretched to be seen), and attacked images, with each model's prediction and its confidence; × marks wrong ones`,
      svg
    })
  }
})

/** Rows that are looked at for images of different classes. */
const looked = 1000

const firstOfClasses = Effect.fnUntraced(function* (data: Dataset, most: number) {
  const { images, labels } = yield* data.rows(0, Math.min(looked, data.count))
  const first = new Map<number, number>()
  for (const [row, label] of labels.entries()) if (!first.has(label)) first.set(label, row)
  const rows = [...first]
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, row]) => row)
  const size = images.length / labels.length
  const chosen = new Float32Array(rows.length * size)
  for (const [place, row] of rows.entries())
    chosen.set(images.subarray(row * size, (row + 1) * size), place * size)
  return {
    images: chosen,
    labels: Int32Array.from(rows, (row) => labels[row] ?? 0),
    indices: Float64Array.from(rows)
  }
})
