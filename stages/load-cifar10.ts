/**
 * Loads CIFAR-10: colour photographs of ten kinds of things, 50,000 to train with and 10,000 to test with.
 *
 * Row `i` of the output is the `i`-th image as published.
 */
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { cifarCounts, readCifar10 } from "../src/data/cifar10.ts"
import { cifarClasses, cifarShape } from "../src/data/cifar10-binary.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

/** More images were asked for than the split has. */
export class TooFewPhotographs extends Schema.TaggedError<TooFewPhotographs>()("TooFewPhotographs", {
  split: Schema.String,
  available: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `CIFAR-10 ${this.split} has ${this.available} images, fewer than the ${this.limit} asked for`
  }
  get hint() {
    return `ask for ${this.available} or fewer`
  }
}

export const loadCifar10 = Stage.make("load-cifar10", {
  inputs: {},
  params: Schema.Struct({
    split: Schema.Literals(["train", "test"]),
    /** Only the first so many images. */
    limit: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Dataset,

  *run(_, { split, limit }) {
    const available = cifarCounts[split]
    if (limit > available) return yield* new TooFewPhotographs({ split, available, limit })
    const { images, labels } = yield* readCifar10(split, limit)
    yield* Progress.report(limit, limit, "images")
    yield* Metrics.log("images", limit)
    return Dataset.fromArrays({
      info: {
        name: `CIFAR-10 ${split}`,
        shape: cifarShape,
        classes: cifarClasses,
        notes: { source: "https://www.cs.toronto.edu/~kriz/cifar.html", split, generated: false }
      },
      images,
      labels
    })
  }
})
