/**
 * Attacks every image of a dataset. The output has the attacked images in the same order, with the true labels; its notes say
 * how they were made.
 *
 * Images are kept as float32, four bytes a value, because bytes would lose the attack: rounding to 1/255 takes images out of
 * the ball. They are made while they are written, so that memory holds a few batches of them.
 */
import { Effect, Exit, Schema, Scope } from "effect"
import { CodecError, Dataset, Model } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"
import { Attack, makeAttacker } from "../src/tensor/attack/index.ts"
import { attackText, inWholeBatches, loadModel } from "../src/tensor/evaluation/index.ts"

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
    const { classifier, weights } = yield* loadModel(model, [data])
    const progress = yield* Progress
    const metrics = yield* Metrics
    // The images are made after `run` has returned, and the attacker has to live until the last one is.
    const scope = yield* Scope.make()
    const attacker = yield* makeAttacker({ classifier, weights, attack, batchSize, seed }).pipe(
      Scope.provide(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    let fooled = 0

    const attackRows = Effect.fnUntraced(function* (from: number, to: number) {
      const rows = yield* data.rows(from, to)
      const indices = Float64Array.from(rows.labels, (_, row) => from + row)
      const { images, labels, success } = yield* attacker
        .run({ ...rows, indices })
        .pipe(Effect.mapError(({ message }) => new CodecError({ kind: "Dataset", reason: message })))
      for (const each of success) fooled += each
      yield* progress.report(to, data.count, "images")
      if (to === data.count) {
        yield* metrics.log("success_share", fooled / data.count)
        yield* Scope.close(scope, Exit.void)
      }
      return { images, labels }
    })

    return Dataset.generate({
      info: {
        ...data.info,
        name: `${data.info.name} under ${attackText(attack)}, epsilon ${attack.epsilon}`,
        notes: { ...data.info.notes, attack: { ...attack }, against: model.network.name, seed }
      },
      count: data.count,
      dtype: "F32",
      rows: inWholeBatches(attackRows, data.count, batchSize)
    })
  }
})
