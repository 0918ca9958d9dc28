/** Ranges that the optimisers' settings share. */
import { Schema } from "effect"

/** A factor of forgetting: in [0, 1). */
export const Fraction = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))

export const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

export const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
