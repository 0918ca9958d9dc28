/**
 * Dropout: while training, each number is zero with probability `rate`, and otherwise divided by 1 - rate.
 *
 * @see Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting". Scaling while
 * training instead of afterwards is what Keras and PyTorch do.
 */
import { Schema } from "effect"
import { named } from "./settings.ts"

export const Dropout = Schema.Struct({
  type: Schema.Literal("dropout"),
  ...named,
  /** The share of numbers that are dropped, in [0, 1). */
  rate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
})
export type Dropout = typeof Dropout.Type
