/** The first rows of a dataset, without copying an image. */
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** A dataset has fewer rows than are to be taken. */
export class TooFewRows extends Schema.TaggedError<TooFewRows>()("TooFewRows", {
  dataset: Schema.String,
  available: Schema.Int,
  count: Schema.Int
}) {
  override get message() {
    return `\`${this.dataset}\` has ${this.available} images, fewer than the ${this.count} of param \`count\``
  }
  get hint() {
    return `take ${this.available} or fewer`
  }
}

export const take = Stage.make("take", {
  inputs: { data: Dataset },
  params: Schema.Struct({ count: Schema.Int.check(Schema.isGreaterThan(0)) }),
  output: Dataset,

  *run({ data }, { count }) {
    if (count > data.count)
      return yield* new TooFewRows({ dataset: data.info.name, available: data.count, count })
    yield* Metrics.log("images", count)
    return yield* Dataset.combine([data], {
      info: { ...data.info, name: `${data.info.name}, first ${count}` },
      order: Int32Array.from({ length: count }, (_, row) => row)
    })
  }
})
