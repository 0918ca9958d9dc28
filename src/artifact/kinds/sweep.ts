/** A model's accuracy as a function of epsilon, the size of an attack. */
import { Schema } from "effect"
import { Kind } from "../kind.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** What a model said of one set of images after an attack. */
export const SweepTrial = Schema.Struct({
  /** Which set of images: `test`, or the seed of a sample. */
  set: Schema.String,
  /** Images looked at, and how many of them were classified as their true class. */
  count: Count,
  correct: Count,
  /** In the order of the dataset's classes. */
  perClass: Schema.Array(Schema.Struct({ name: Schema.String, count: Count, correct: Count })),
  /** Mean probability of the predicted class. */
  confidence: Schema.Number,
  /** The same over the images whose prediction is wrong; `null` where none is. */
  wrongConfidence: Schema.NullOr(Schema.Number),
  /** Mean cross-entropy at the true class, in nats. */
  loss: Schema.Number
})
export type SweepTrial = typeof SweepTrial.Type

export const SweepPoint = Schema.Struct({
  /** Radius of the ball that the perturbation stays in, in units of the pixel range [0, 1]. */
  epsilon: Schema.Finite,
  /** One for each set of images, in the same order at every epsilon. */
  trials: Schema.Array(SweepTrial)
})
export type SweepPoint = typeof SweepPoint.Type

export const SweepSchema = Schema.Struct({
  /** What was measured, for people. */
  title: Schema.String,
  /** The network that was judged. */
  network: Schema.String,
  /**
   * Who the images were made against: the judged model itself (`white-box`), another model (`transfer`), or nobody
   * (`noise`).
   */
  source: Schema.Literals(["white-box", "transfer", "noise"]),
  /** The attack's or the noise's description, as `src/tensor/attack` encodes it. Its epsilon is the points'. */
  attack: Schema.Record(Schema.String, Schema.Json),
  /** By ascending epsilon. */
  points: Schema.Array(SweepPoint)
})
export type Sweep = typeof SweepSchema.Type

export const Sweep = Kind.json("Sweep", SweepSchema)
