/**
 * Measures a model's accuracy on attacked images alone, as many papers do: an image that is wrong without an attack, and right
 * with it, counts as right.
 *
 * `sweep` counts such an image as wrong, because an attacker need not change it, so its accuracy never exceeds the clean one. This
 * one may, and where it does the attack told the model what to say: it shows that labels leak.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import {
  Attack,
  addNoise,
  makeAttacker,
  makeMeasurer,
  Norm,
  withEpsilon
} from "../src/tensor/attack/index.ts"
import { Epsilons, loadModel, saidBy } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"
import { measureSets } from "./measure-sets.ts"
import { TooMany } from "./train-model.ts"

export const attackedSweep = Stage.make("attacked-sweep", {
  inputs: {
    /** The model that is judged. */
    model: Model,
    /** Sets of images by name, each measured for itself. */
    sets: Stage.record(Dataset),
    /** The model that the images are made against, if it is not the judged one. */
    source: Stage.list(Model)
  },
  params: Schema.Struct({
    title: Schema.String,
    /** An attack at any epsilon, its steps in proportion; or noise on the ball's boundary, which knows nothing of the model. */
    by: Schema.Union([
      Schema.Struct({ attack: Attack }),
      Schema.Struct({ noise: Schema.Struct({ norm: Norm }) })
    ]),
    epsilons: Epsilons,
    /** Of random starts and noise. */
    seed: Schema.Int,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Sweep,

  *run({ model, sets, source }, { title, by, epsilons, seed, batchSize }) {
    const [other] = source
    if (source.length > 1) return yield* new TooMany({ input: "source", count: source.length })
    const judged = yield* loadModel(model, Object.values(sets))
    const attacked = other === undefined ? judged : yield* loadModel(other, Object.values(sets))
    const points = yield* Effect.gen(function* () {
      const measure = yield* makeMeasurer({ ...judged, batchSize })
      const attacker =
        "attack" in by ? yield* makeAttacker({ ...attacked, attack: by.attack, seed, batchSize }) : undefined
      return yield* measureSets({
        sets,
        epsilons,
        batchSize,
        // Nothing counts as wrong before it is attacked.
        judge: (images, labels) =>
          Effect.map(measure(images, labels), (said) => ({ ...said, correct: said.correct.map(() => 1) })),
        answer: (rows) =>
          Effect.succeed(
            Effect.fnUntraced(function* (epsilon) {
              if (attacker === undefined) {
                const noisy = addNoise(
                  { norm: "noise" in by ? by.noise.norm : "linf", kind: "boundary", epsilon, seed },
                  rows.images,
                  rows.indices
                )
                return yield* measure(noisy, rows.labels)
              }
              const { stepSize } = withEpsilon(attacker.attack, epsilon)
              const { images, logits } = yield* attacker.run(rows, { epsilon, stepSize })
              return other === undefined
                ? saidBy(logits, rows.labels, judged.network.classes)
                : yield* measure(images, rows.labels)
            })
          )
      })
    }).pipe(Effect.scoped)
    yield* logSweep(points)
    const result: Sweep = {
      title,
      network: judged.network.name,
      source: "noise" in by ? "noise" : other === undefined ? "white-box" : "transfer",
      attack:
        "attack" in by
          ? { ...by.attack, stepSizeRule: "proportional", counts: "attacked images alone", seed }
          : { ...by.noise, kind: "boundary", counts: "attacked images alone", seed },
      points
    }
    return result
  }
})
