/** Checks of accuracy as a function of epsilon. */
import { type Finding, finding, percent } from "./finding.ts"

/** The accuracy that an attack leaves at each epsilon, in any order. */
export type Curve = ReadonlyArray<CurvePoint>

export interface CurvePoint {
  readonly epsilon: number
  readonly accuracy: number
}

/** A larger ball holds the smaller one, so accuracy must not rise with epsilon. */
export const nonIncreasing = (curve: Curve, tolerance: number): Finding => {
  const { rise, from, to } = largestRise(curve)
  return finding({
    check: "non-increasing",
    passed: rise <= tolerance,
    numbers: { rise, from, to, tolerance },
    found:
      rise === 0
        ? "Accuracy never rises with epsilon"
        : `Accuracy rises by ${percent(rise)} from epsilon ${from} to ${to}`,
    meaning: "the attack is too weak at the larger epsilon"
  })
}

/** How far accuracy climbs above the least accuracy of any smaller epsilon. */
const largestRise = (curve: Curve) => {
  const points = curve.toSorted((a, b) => a.epsilon - b.epsilon)
  let worst = { rise: 0, from: points[0]?.epsilon ?? 0, to: points[0]?.epsilon ?? 0 }
  let least = points[0]
  for (const point of points) {
    if (least === undefined || point.accuracy < least.accuracy) least = point
    const rise = point.accuracy - least.accuracy
    if (rise > worst.rise) worst = { rise, from: least.epsilon, to: point.epsilon }
  }
  return worst
}

/**
 * At the largest epsilon accuracy must have fallen to chance: to what a model gets that gives one answer to everything.
 *
 * @param largestClassShare share of the images that belong to the most frequent class
 * @see Nicolae et al. 2018, "Adversarial Robustness Toolbox", whose security curve flags obfuscation by this rule
 */
export const fallsToChance = (curve: Curve, largestClassShare: number, tolerance: number): Finding => {
  const last = curve.reduce(
    (a, b) => (b.epsilon > a.epsilon ? b : a),
    curve[0] ?? { epsilon: 0, accuracy: 1 }
  )
  return finding({
    check: "falls-to-chance",
    passed: last.accuracy <= largestClassShare + tolerance,
    numbers: { epsilon: last.epsilon, accuracy: last.accuracy, largestClassShare, tolerance },
    found: `At epsilon ${last.epsilon} the attack leaves an accuracy of ${percent(last.accuracy)}, chance is ${percent(largestClassShare)}`,
    meaning: "the attack misses what any large enough perturbation does, or epsilon never became large"
  })
}

/** From this L-infinity epsilon on, the ball around every image in [0, 1] holds the uniformly grey image of 0.5. */
export const greyEpsilon = 0.5

/**
 * No L-infinity attack in [0, 1] may leave more than the largest class's share from epsilon 0.5 on. There every image can be
 * made the same grey one, and the model gives that one answer, which is right for the images of one class at most. A higher
 * accuracy is the attack's failure, whatever the model.
 *
 * Points below epsilon 0.5 are not looked at.
 *
 * @param largestClassShare share of the images that belong to the most frequent class
 */
export const greyBound = (curve: Curve, largestClassShare: number, tolerance: number): Finding => {
  const bound = curve.filter(({ epsilon }) => epsilon >= greyEpsilon)
  const worst = bound.reduce<CurvePoint | undefined>(
    (a, b) => (a === undefined || b.accuracy > a.accuracy ? b : a),
    undefined
  )
  if (worst === undefined)
    return finding({
      check: "grey-bound",
      passed: true,
      numbers: { largestClassShare, tolerance },
      found: `No epsilon of the curve reaches ${greyEpsilon}, where the bound begins`,
      meaning: ""
    })
  const { epsilon, accuracy } = worst
  return finding({
    check: "grey-bound",
    passed: accuracy <= largestClassShare + tolerance,
    numbers: { epsilon, accuracy, largestClassShare, tolerance },
    found: `At epsilon ${epsilon} the attack leaves an accuracy of ${percent(accuracy)}, a grey image would leave at most ${percent(largestClassShare)}`,
    meaning: "the attack fails to find what a constant image does"
  })
}
