/**
 * The fast gradient sign method as published programs have it, which do not all cut its images to [0, 1]: some cut nothing, and
 * some cut what they had normalised before as if it were pixels.
 *
 * With the range [0, 1] it is FGSM as in `makers.ts`.
 *
 * @see Goodfellow et al. 2015, "Explaining and harnessing adversarial examples", section 4
 */
import { Schema } from "effect"
import { LossName } from "../loss/index.ts"

/**
 * What the values of an attacked image are cut to, in units of the pixel range [0, 1]; `null` for nothing.
 *
 * A range that is not [0, 1] also cuts what the attack did not move, so images may go further than epsilon.
 */
export const Clamp = Schema.NullOr(
  Schema.Struct({ lowest: Schema.Finite, highest: Schema.Finite }).check(
    Schema.makeFilter(({ lowest, highest }) =>
      lowest < highest
        ? undefined
        : { path: ["highest"], issue: `Expected more than the lowest, ${lowest}, got ${highest}` }
    )
  )
)
export type Clamp = typeof Clamp.Type

/** Everything but epsilon. */
export const OneStepAttack = Schema.Struct({
  /** The loss that is made larger. */
  loss: LossName,
  clamp: Clamp
})
export type OneStepAttack = typeof OneStepAttack.Type

/**
 * Images after the step. All arrays have one length; the result is new.
 *
 * @param signs of the gradient, each 1, 0 or -1
 */
export const oneStep = (
  images: Float32Array,
  signs: Float32Array,
  epsilon: number,
  clamp: Clamp
): Float32Array => {
  const { lowest, highest } = clamp ?? unlimited
  return images.map((value, at) => Math.min(highest, Math.max(lowest, value + epsilon * (signs[at] ?? 0))))
}

const unlimited = { lowest: Number.NEGATIVE_INFINITY, highest: Number.POSITIVE_INFINITY }
