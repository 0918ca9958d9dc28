/**
 * Measures a model's accuracy under an attack of growing epsilon.
 *
 * Without a model in `source` the attack is white-box: made against the judged model itself. With one, the images are made
 * against that model and shown to the judged one: a transfer attack.
 *
 * An image that is classified wrongly without an attack counts as wrong at every epsilon.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import { Attack, makeAttacker, makeMeasurer, withEpsilon } from "../src/tensor/attack/index.ts"
import { attackText, Epsilons, loadModel, saidBy } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"
import { measureSets } from "./measure-sets.ts"
import { TooMany } from "./train-model.ts"

export const sweep = Stage.make("sweep", {
  inputs: {
    /** The model that is judged. */
    model: Model,
    /** Sets of images by name, each measured for itself: the test set, or several samples of it. */
    sets: Stage.record(Dataset),
    /** The model that the images are made against, if it is not the judged one. */
    source: Stage.list(Model)
  },
  params: Schema.Struct({
    title: Schema.String,
    attack: Attack,
    /** In place of the attack's own. */
    epsilons: Epsilons,
    /** Whether the step size grows with epsilon, in the attack's proportion, or stays as it is. */
    stepSize: Schema.Literals(["proportional", "fixed"]),
    /** Of the random starts. */
    seed: Schema.Int,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Sweep,

  *run({ model, sets, source }, { title, attack, epsilons, stepSize, seed, batchSize }) {
    const [other] = source
    if (source.length > 1) return yield* new TooMany({ input: "source", count: source.length })
    const judged = yield* loadModel(model, Object.values(sets))
    const attacked = other === undefined ? judged : yield* loadModel(other, Object.values(sets))
    const points = yield* Effect.gen(function* () {
      const judge = yield* makeMeasurer({ ...judged, batchSize })
      const attacker = yield* makeAttacker({ ...attacked, attack, seed, batchSize })
      return yield* measureSets({
        sets,
        epsilons,
        batchSize,
        judge,
        answer: Effect.fnUntraced(function* (rows) {
          const inSize = yield* attacker.prepare(rows)
          return Effect.fnUntraced(function* (epsilon) {
            const size = stepSize === "fixed" ? { ...attack, epsilon } : withEpsilon(attack, epsilon)
            const { images, logits } = yield* inSize({ epsilon, stepSize: size.stepSize })
            return other === undefined
              ? saidBy(logits, rows.labels, judged.network.classes)
              : yield* judge(images, rows.labels)
          })
        })
      })
    }).pipe(Effect.scoped)
    yield* logSweep(points)
    const result: Sweep = {
      title: `${title} under ${attackText(attack, stepSize === "fixed" ? "absolute" : "relative")}`,
      network: judged.network.name,
      source: other === undefined ? "white-box" : "transfer",
      attack: { ...attack, stepSizeRule: stepSize, seed },
      points
    }
    return result
  }
})
