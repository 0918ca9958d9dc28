/**
 * Loads MNIST: handwritten digits, 60,000 to train with and 10,000 to test with.
 *
 * Row `i` of the output is the `i`-th image as published.
 */
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { readMnist } from "../src/data/mnist.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

/** More images were asked for than the split has. */
export class NotEnoughImages extends Schema.TaggedError<NotEnoughImages>()("NotEnoughImages", {
  split: Schema.String,
  available: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `MNIST ${this.split} has ${this.available} images, fewer than the ${this.limit} asked for`
  }
  get hint() {
    return `ask for ${this.available} or fewer, or for all of them with \`limit: null\``
  }
}

export const loadMnist = Stage.make("load-mnist", {
  inputs: {},
  params: Schema.Struct({
    split: Schema.Literals(["train", "test"]),
    /** Only the first so many images; `null` for all of them. */
    limit: Schema.NullOr(Schema.Int.check(Schema.isGreaterThan(0)))
  }),
  output: Dataset,

  *run(_, { split, limit }) {
    const mnist = yield* readMnist(split)
    const count = limit ?? mnist.count
    if (count > mnist.count)
      return yield* new NotEnoughImages({ split, available: mnist.count, limit: count })
    yield* Progress.report(count, count, "images")
    yield* Metrics.log("images", count)
    return Dataset.fromArrays({
      info: {
        name: `MNIST ${split}`,
        shape: [28, 28, 1],
        classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        notes: { source: "http://yann.lecun.com/exdb/mnist/", split, generated: false }
      },
      images: mnist.images.subarray(0, count * 28 * 28),
      labels: mnist.labels.subarray(0, count)
    })
  }
})
