/**
 * Chooses as many images of each class at random, without copying one. The rows keep the order that they have in `data`.
 */
import { Schema } from "effect"
import { chunks, Dataset } from "../src/artifact/index.ts"
import { RandomStream } from "../src/data/random.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** A class has fewer images than are to be chosen. */
export class ClassTooSmall extends Schema.TaggedError<ClassTooSmall>()("ClassTooSmall", {
  dataset: Schema.String,
  className: Schema.String,
  images: Schema.Int,
  perClass: Schema.Int
}) {
  override get message() {
    return `class \`${this.className}\` of \`${this.dataset}\` has ${this.images} images, fewer than the ${this.perClass} of \`perClass\``
  }
  get hint() {
    return "take more images, or fewer of each class"
  }
}

// Unlike every other purpose that numbers are drawn for under the same seed.
const purpose = 17

export const samplePerClass = Stage.make("sample-per-class", {
  inputs: { data: Dataset },
  params: Schema.Struct({
    perClass: Schema.Int.check(Schema.isGreaterThan(0)),
    seed: Schema.Int
  }),
  output: Dataset,

  *run({ data }, { perClass, seed }) {
    const { info, count } = data
    const rows = info.classes.map((): Array<number> => [])
    for (const [from, to] of chunks(count, 4 * info.shape[0] * info.shape[1] * info.shape[2])) {
      const { labels } = yield* data.rows(from, to)
      for (const [row, label] of labels.entries()) rows[label]?.push(from + row)
    }
    const chosen: Array<number> = []
    for (const [label, members] of rows.entries()) {
      if (members.length < perClass)
        return yield* new ClassTooSmall({
          dataset: info.name,
          className: info.classes[label] ?? "",
          images: members.length,
          perClass
        })
      const order = new RandomStream({ seed, purpose, index: label }).permutation(members.length)
      for (const place of order.subarray(0, perClass)) chosen.push(members[place] ?? 0)
    }
    yield* Metrics.log("images", chosen.length)
    return yield* Dataset.combine([data], {
      info: { ...info, name: `${info.name}, ${perClass} of each class, seed ${seed}` },
      order: Int32Array.from(chosen).sort()
    })
  }
})
