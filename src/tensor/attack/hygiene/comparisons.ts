/** Checks of one accuracy against another. */
import { type Finding, finding, percent } from "./finding.ts"

/** Many small steps must not leave a higher accuracy than one large step of the same epsilon. */
export const iterativeNotWeaker = (given: {
  readonly singleStep: number
  readonly iterative: number
  readonly tolerance: number
}): Finding => {
  const { singleStep, iterative, tolerance } = given
  return finding({
    check: "iterative-not-weaker",
    passed: iterative <= singleStep + tolerance,
    numbers: given,
    found: `The iterative attack leaves an accuracy of ${percent(iterative)}, the single step ${percent(singleStep)}`,
    meaning: "the iterative attack has too few steps, a wrong step size or wrong gradients"
  })
}

/**
 * Noise that knows nothing of the model must not do more harm than the attack of the same epsilon.
 *
 * @param called what the attack is called in the sentence
 */
export const noiseNotStronger = (
  given: {
    readonly noise: number
    readonly attack: number
    readonly tolerance: number
  },
  called = "attack"
): Finding => {
  const { noise, attack, tolerance } = given
  return finding({
    check: "noise-not-stronger",
    passed: attack <= noise + tolerance,
    numbers: given,
    found: `The ${called} leaves an accuracy of ${percent(attack)}, random noise ${percent(noise)}`,
    meaning: `the gradient that the ${called} follows is of no use`
  })
}

/**
 * Images that were crafted on another model, or without gradients, must not do more harm than those crafted on the model
 * itself.
 *
 * @param called what the attack on the model itself is called in the sentence
 */
export const transferNotStronger = (
  given: {
    readonly transfer: number
    readonly whiteBox: number
    readonly tolerance: number
  },
  called = "white-box attack"
): Finding => {
  const { transfer, whiteBox, tolerance } = given
  return finding({
    check: "transfer-not-stronger",
    passed: whiteBox <= transfer + tolerance,
    numbers: given,
    found: `The ${called} leaves an accuracy of ${percent(whiteBox)}, the transferred one ${percent(transfer)}`,
    meaning: `the model hides its gradient from the ${called}`
  })
}

/** More steps, or more restarts, must not lower the accuracy by more than the tolerance. */
export const converged = (given: {
  readonly accuracy: number
  readonly withMore: number
  readonly tolerance: number
}): Finding => {
  const { accuracy, withMore, tolerance } = given
  return finding({
    check: "converged",
    passed: accuracy - withMore <= tolerance,
    numbers: given,
    found: `With more steps or restarts the accuracy goes from ${percent(accuracy)} to ${percent(withMore)}`,
    meaning: "the attack has not converged, and the true robustness is lower"
  })
}

/**
 * Few images may have a gradient that is exactly 0 everywhere.
 *
 * @param share of the images whose gradient is 0 everywhere
 * @param limit the largest share that is acceptable
 */
export const gradientsPresent = (given: { readonly share: number; readonly limit: number }): Finding => {
  const { share, limit } = given
  return finding({
    check: "gradients-present",
    passed: share <= limit,
    numbers: given,
    found: `${percent(share)} of the images have a gradient of exactly 0`,
    meaning: "the attack cannot move them, so attack with a loss on logits, or with `margin` or `dlr`"
  })
}
