/**
 * Generates colour images of plane figures, for runs that must work without a download. They are not CIFAR-10: an accuracy on
 * them says nothing about one on photographs.
 *
 * Row `i` of the output is a function of `seed`, `split` and `i` alone: a larger `count` only adds rows at the end, and
 * the two splits never share an image.
 */
import { Effect, Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { syntheticShapes, syntheticShapesInfo } from "../src/data/synthetic-shapes.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

export const loadSyntheticShapes = Stage.make("load-synthetic-shapes", {
  inputs: {},
  params: Schema.Struct({
    split: Schema.Literals(["train", "test"]),
    count: Schema.Int.check(Schema.isGreaterThan(0)),
    seed: Schema.Int
  }),
  output: Dataset,

  *run(_, { split, count, seed }) {
    const progress = yield* Progress
    yield* Metrics.log("images", count)
    return Dataset.generate({
      info: syntheticShapesInfo({ seed, split }),
      count,
      dtype: "U8",
      rows: (from, to) =>
        Effect.sync(() => syntheticShapes({ seed, split }, from, to)).pipe(
          Effect.tap(() => progress.report(to, count, "images"))
        )
    })
  }
})
