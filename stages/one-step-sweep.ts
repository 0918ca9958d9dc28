/**
 * Measures a model's accuracy under one step along the sign of its gradient, of growing epsilon: FGSM, with its images cut to
 * [0, 1], or as a published program cuts them.
 *
 * The gradient is taken once for all epsilons. An image that is classified wrongly without an attack counts as wrong at every
 * epsilon; at epsilon 0 images are as they are, not cut.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import { fgsm, makeMeasurer, makeSignMeasurer, OneStepAttack, oneStep } from "../src/tensor/attack/index.ts"
import { attackText, Epsilons, loadModel } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"
import { measureSets } from "./measure-sets.ts"

export const oneStepSweep = Stage.make("one-step-sweep", {
  inputs: {
    model: Model,
    /** Sets of images by name, each measured for itself: the test set, or several samples of it. */
    sets: Stage.record(Dataset)
  },
  params: Schema.Struct({
    title: Schema.String,
    attack: OneStepAttack,
    epsilons: Epsilons,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Sweep,

  *run({ model, sets }, { title, attack, epsilons, batchSize }) {
    const loaded = yield* loadModel(model, Object.values(sets))
    const points = yield* Effect.gen(function* () {
      const judge = yield* makeMeasurer({ ...loaded, batchSize })
      const measureSigns = yield* makeSignMeasurer({ ...loaded, batchSize, loss: attack.loss })
      return yield* measureSets({
        sets,
        epsilons,
        batchSize,
        judge,
        answer: ({ images, labels }) =>
          Effect.map(
            measureSigns(images, labels),
            (signs) => (epsilon) => judge(oneStep(images, signs, epsilon, attack.clamp), labels)
          )
      })
    }).pipe(Effect.scoped)
    yield* logSweep(points)
    const { clamp } = attack
    const usual = clamp?.lowest === 0 && clamp.highest === 1
    const cut = clamp === null ? "not cut" : `cut to [${clamp.lowest}, ${clamp.highest}]`
    const described = fgsm({ epsilon: 1, loss: attack.loss })
    const result: Sweep = {
      title: `${title} under ${attackText(described)}${usual ? "" : `, ${cut}`}`,
      network: loaded.network.name,
      source: "white-box",
      attack: { ...described, clamp },
      points
    }
    return result
  }
})
