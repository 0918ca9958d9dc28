/**
 * Attacks every image of a dataset. The output has the attacked images in the same order, with the true labels; its notes say
 * how they were made.
 *
 * Images are kept as float32, four bytes a value, because bytes would lose the attack: rounding to 1/255 takes images out of
 * the ball. They are made while they are written, so that memory holds what was made since the last checkpoint.
 */
import { Effect, Schema } from "effect"
import { CodecError, Dataset, Model } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"
import { Attack, AttackFailed, makeMeasurer, makePerturber } from "../src/tensor/attack/index.ts"
import { attackText, inWholeBatches, loadModel } from "../src/tensor/evaluation/index.ts"
import { rowsInParts } from "./rows-in-parts.ts"

export const generateAdversarial = Stage.make("generate-adversarial", {
  inputs: {
    /** The model that the images are made against. */
    model: Model,
    data: Dataset
  },
  params: Schema.Struct({
    attack: Attack,
    /** Of the random starts. */
    seed: Schema.Int,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Dataset,

  *run({ model, data }, { attack, seed, batchSize }) {
    const loaded = yield* loadModel(model, [data])
    const { classifier, weights, network } = loaded
    const progress = yield* Progress
    const metrics = yield* Metrics
    const perturb = yield* makePerturber({ classifier, weights, attack, batchSize, seed })
    const judge = yield* makeMeasurer({ ...loaded, batchSize })
    let fooled = 0
    const tellFooled = (images: number) =>
      images < Math.min(judged, data.count)
        ? Effect.void
        : metrics.log("fooled_share", fooled / Math.min(judged, data.count))

    const attackRows = Effect.fnUntraced(function* (from: number, to: number) {
      const rows = yield* data.rows(from, to)
      const { labels } = rows
      const indices = Float64Array.from(labels, (_, row) => from + row)
      const images = yield* perturb({ ...rows, indices })
      if (from < judged) {
        const { correct, loss } = yield* judge(images, labels)
        if (!loss.every(Number.isFinite))
          return yield* new AttackFailed({
            classifier: network.name,
            reason: `of attacked images it says what is no number`,
            hint: "look at the weights: training may have diverged"
          })
        fooled += correct.subarray(0, judged - from).reduce((sum, right) => sum + 1 - right, 0)
        yield* tellFooled(to)
      }
      yield* progress.report(to, data.count, "images")
      return { images, labels }
    })
    const compute = (from: number, to: number) =>
      Effect.mapError(
        attackRows(from, to),
        ({ message }) => new CodecError({ kind: "Dataset", reason: message })
      )
    const rows = yield* rowsInParts({
      compute,
      known: () => fooled,
      restored: (to, known) => {
        fooled = known
        return tellFooled(to)
      }
    })

    return Dataset.generate({
      info: {
        ...data.info,
        name: `${data.info.name} under ${attackText(attack)}, epsilon ${attack.epsilon}`,
        notes: { ...data.info.notes, attack: { ...attack }, against: model.network.name, seed }
      },
      count: data.count,
      dtype: "F32",
      rows: inWholeBatches(rows, data.count, batchSize)
    })
  }
})

/** Of so many images, the first ones, the stage asks what the model says once they are attacked. It is a quarter of the work of FGSM. */
const judged = 1000
