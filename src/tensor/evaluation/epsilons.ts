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

/** An epsilon as people write it: `0.3`; `2/255` where it is a number of grey levels and no short decimal; else four digits. */
export const epsilonText = (epsilon: number): string => {
  const short = Number(epsilon.toPrecision(4))
  const levels = Math.round(epsilon * 255)
  const isLevels = levels > 0 && Math.abs(epsilon * 255 - levels) < 1e-6
  return isLevels && Math.abs(short - epsilon) > 1e-12 ? `${levels}/255` : String(short)
}
