/**
 * Generates handwritten-looking digits, for runs that must work without a download. They are not MNIST: an accuracy on
 * them says nothing about one on MNIST.
 *
 * Row `i` of the output is a function of `seed`, `split` and `i` alone: a larger `count` only adds rows at the end, and
 * the two splits never share an image.
 */
import { Effect, Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { syntheticDigits, syntheticInfo } from "../src/data/synthetic-digits.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

export const loadSyntheticDigits = Stage.make("load-synthetic-digits", {
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
      info: syntheticInfo({ seed, split }),
      count,
      dtype: "U8",
      rows: (from, to) =>
        Effect.sync(() => syntheticDigits({ seed, split }, from, to)).pipe(
          Effect.tap(() => progress.report(to, count, "images"))
        )
    })
  }
})
