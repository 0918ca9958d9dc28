/**
 * Measures a model's accuracy on images that were attacked before, against another model: one set for each epsilon, as
 * `generate-adversarial` makes them. The sets are shared by all models that are judged.
 *
 * Only the attacked images are looked at, so an image that the model gets wrong without an attack, and right with it, counts
 * as right.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Progress, Stage } from "../src/stage/index.ts"
import { Attack, makeMeasurer } from "../src/tensor/attack/index.ts"
import { attackText, loadModel, Tally } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"

/** A dataset does not say by which attack it was made. */
export class NotAttacked extends Schema.TaggedError<NotAttacked>()("NotAttacked", {
  dataset: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `\`${this.dataset}\` cannot be a point of a transfer sweep: ${this.reason}`
  }
  get hint() {
    return "wire sets made by `generate-adversarial` by the same attack, one for each epsilon"
  }
}

export const transferSweep = Stage.make("transfer-sweep", {
  inputs: {
    /** The model that is judged. */
    model: Model,
    /** Attacked images, one set for each epsilon. */
    attacked: Stage.list(Dataset)
  },
  params: Schema.Struct({
    title: Schema.String,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Sweep,

  *run({ model, attacked }, { title, batchSize }) {
    const loaded = yield* loadModel(model, attacked)
    const sets = (yield* Effect.forEach(attacked, attackOf)).toSorted(
      (a, b) => a.attack.epsilon - b.attack.epsilon
    )
    const [first] = sets
    for (const [index, { data, attack }] of sets.entries())
      if (index > 0 && attack.epsilon === sets[index - 1]?.attack.epsilon)
        return yield* new NotAttacked({
          dataset: data.info.name,
          reason: `another set has epsilon ${attack.epsilon}, too`
        })
    const total = sets.reduce((sum, { data }) => sum + data.count, 0)
    let done = 0
    const points = yield* Effect.gen(function* () {
      const judge = yield* makeMeasurer({ ...loaded, batchSize })
      return yield* Effect.forEach(
        sets,
        Effect.fnUntraced(function* ({ data, attack }) {
          const tally = new Tally(data.info.classes)
          for (let from = 0; from < data.count; from += batchSize) {
            const { images, labels } = yield* data.rows(from, Math.min(from + batchSize, data.count))
            tally.add(labels, yield* judge(images, labels))
            done += labels.length
            yield* Progress.report(done, total, "images")
          }
          return { epsilon: attack.epsilon, trials: [tally.result("test")] }
        })
      )
    }).pipe(Effect.scoped)
    yield* logSweep(points)
    const result: Sweep = {
      title: `${title} under transferred ${first === undefined ? "images" : attackText(first.attack, "omitted")}`,
      network: loaded.network.name,
      source: "transfer",
      attack: { ...first?.attack },
      points
    }
    return result
  }
})

const attackOf = (data: Dataset) =>
  Schema.decodeUnknownEffect(Attack)(data.info.notes["attack"]).pipe(
    Effect.map((attack) => ({ data, attack })),
    Effect.mapError(() => new NotAttacked({ dataset: data.info.name, reason: "its notes have no attack" }))
  )
