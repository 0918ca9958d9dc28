/** The epsilons of a sweep. */
import { Schema } from "effect"

/** Radii in units of the pixel range [0, 1], each once and in ascending order. */
export const Epsilons = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))).check(
  Schema.makeFilter((epsilons) => {
    if (epsilons.length === 0) return "Expected at least one epsilon"
    const place = epsilons.findIndex((epsilon, index) => index > 0 && epsilon <= (epsilons[index - 1] ?? 0))
    return place === -1
      ? undefined
      : {
          path: [place],
          issue: `Expected more than ${epsilons[place - 1]}, the one before, got ${epsilons[place]}`
        }
  })
)
