/**
 * Measures a model's accuracy under noise of growing epsilon that knows nothing of the model: the control that an attack has
 * to beat.
 */
import { Effect, Schema } from "effect"
import { Dataset, Model } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Stage } from "../src/stage/index.ts"
import { addNoise, makeMeasurer, Norm } from "../src/tensor/attack/index.ts"
import { Epsilons, loadModel } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"
import { measureSets } from "./measure-sets.ts"

export const noiseSweep = Stage.make("noise-sweep", {
  inputs: {
    model: Model,
    /** Sets of images by name, each measured for itself. */
    sets: Stage.record(Dataset)
  },
  params: Schema.Struct({
    title: Schema.String,
    norm: Norm,
    /** On the ball's `boundary`, with `linf` every value moves by plus or minus epsilon; `uniform` is anywhere in the ball. */
    kind: Schema.Literals(["uniform", "boundary"]),
    epsilons: Epsilons,
    seed: Schema.Int,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Sweep,

  *run({ model, sets }, { title, norm, kind, epsilons, seed, batchSize }) {
    const loaded = yield* loadModel(model, Object.values(sets))
    const points = yield* Effect.gen(function* () {
      const judge = yield* makeMeasurer({ ...loaded, batchSize })
      return yield* measureSets({
        sets,
        epsilons,
        batchSize,
        judge,
        answer: ({ images, labels, indices }) =>
          Effect.succeed((epsilon) => judge(addNoise({ norm, kind, epsilon, seed }, images, indices), labels))
      })
    }).pipe(Effect.scoped)
    yield* logSweep(points)
    const result: Sweep = {
      title: `${title} under ${kind === "boundary" ? "random signs" : "uniform noise"}`,
      network: loaded.network.name,
      source: "noise",
      attack: { norm, kind, seed },
      points
    }
    return result
  }
})
