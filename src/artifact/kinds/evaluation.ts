import { Schema } from "effect"
import { Kind } from "../kind.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** How a model did on a dataset. */
export const EvaluationSchema = Schema.Struct({
  /** What was measured, for people: `baseline under PGD, epsilon 0.3`. */
  title: Schema.String,
  /** Images looked at, and how many of them were classified as their true class. */
  count: Count,
  correct: Count,
  /** Per class, in the order of the dataset's classes. */
  perClass: Schema.Array(Schema.Struct({ name: Schema.String, count: Count, correct: Count })),
  /** Further numbers by name, each in the unit its name says. */
  metrics: Schema.Record(Schema.String, Schema.Number)
})
export type Evaluation = typeof EvaluationSchema.Type

export const Evaluation = Kind.json("Evaluation", EvaluationSchema)
