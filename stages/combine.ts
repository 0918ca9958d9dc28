/**
 * Puts datasets one after the other, in the order in which they are wired, without copying an image.
 *
 * The static training set of adversarial training is this: the clean images, then the attacked ones of each epsilon.
 */
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** Datasets that are not of the same task. */
export class ClassesDiffer extends Schema.TaggedError<ClassesDiffer>()("ClassesDiffer", {
  first: Schema.String,
  other: Schema.String
}) {
  override get message() {
    return `\`${this.other}\` has other classes than \`${this.first}\`: a label would mean two things`
  }
  get hint() {
    return "combine datasets of the same classes, in the same order"
  }
}

/** Nothing to combine. */
export class NothingToCombine extends Schema.TaggedError<NothingToCombine>()("NothingToCombine", {}) {
  override get message() {
    return "input `sets` is empty: there is nothing to combine"
  }
  get hint() {
    return "wire at least one dataset"
  }
}

export const combine = Stage.make("combine", {
  inputs: { sets: Stage.list(Dataset) },
  params: Schema.Struct({
    /** What the whole is called. */
    name: Schema.String
  }),
  output: Dataset,

  *run({ sets }, { name }) {
    const [first] = sets
    if (first === undefined) return yield* new NothingToCombine()
    const other = sets.find(({ info }) => info.classes.join("\n") !== first.info.classes.join("\n"))
    if (other !== undefined)
      return yield* new ClassesDiffer({ first: first.info.name, other: other.info.name })
    const notes = { parts: sets.map(({ info, count }) => ({ name: info.name, count })) }
    const combined = yield* Dataset.combine(sets, {
      info: { name, shape: first.info.shape, classes: first.info.classes, notes }
    })
    yield* Metrics.log("images", combined.count)
    return combined
  }
})
