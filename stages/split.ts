/**
 * Splits a dataset in two at random and gives one of the parts, without copying an image.
 *
 * Two nodes that differ in `part` alone complement each other: every row of `data` is in exactly one of them, and both
 * keep the order that the rows have in `data`.
 */
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import { RandomStream } from "../src/data/random.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** A split would leave one of its parts without an image. */
export class EmptySplit extends Schema.TaggedError<EmptySplit>()("EmptySplit", {
  images: Schema.Int,
  heldOut: Schema.Int,
  heldOutShare: Schema.Finite
}) {
  override get message() {
    return `holding out ${this.heldOutShare} of ${this.images} images holds out ${this.heldOut} and leaves ${this.images - this.heldOut}`
  }
  get hint() {
    return "both parts need an image: take more images, or a share nearer to one half"
  }
}

// Unlike every other purpose that numbers are drawn for under the same seed; see `synthetic-digits.ts`.
const purpose = 5

export const split = Stage.make("split", {
  inputs: { data: Dataset },
  params: Schema.Struct({
    part: Schema.Literals(["kept", "held-out"]),
    /** The held-out part's share of the images. */
    heldOutShare: Schema.Finite.check(
      Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true, exclusiveMaximum: true })
    ),
    seed: Schema.Int
  }),
  output: Dataset,

  *run({ data }, { part, heldOutShare, seed }) {
    const heldOut = Math.round(data.count * heldOutShare)
    if (heldOut === 0 || heldOut === data.count) {
      return yield* new EmptySplit({ images: data.count, heldOut, heldOutShare })
    }
    const shuffled = new RandomStream({ seed, purpose, index: 0 }).permutation(data.count)
    const rows = part === "held-out" ? shuffled.subarray(0, heldOut) : shuffled.subarray(heldOut)
    yield* Metrics.log("images", rows.length)
    // In ascending order, readers find neighbouring rows next to each other.
    return yield* Dataset.combine([data], {
      info: { ...data.info, name: `${data.info.name}, ${part}`, notes: { ...data.info.notes, part } },
      order: rows.toSorted()
    })
  }
})
