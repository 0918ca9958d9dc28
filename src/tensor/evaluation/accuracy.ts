/** How accurate a model is, and how sure that is. */
import type { SweepPoint, SweepTrial } from "../../artifact/kinds/sweep.ts"

export interface Accuracy {
  /** Share of the images in [0, 1]. `NaN` of none. */
  readonly accuracy: number
  /**
   * By how much `accuracy` would vary, as a standard deviation. On a single set: from one set of images to another, half the
   * width of Wilson's score interval (`wilsonError`). Over several sets, which may be samples or seeds: the sample deviation
   * of their accuracies over the root of their number.
   */
  readonly standardError: number
  /** Images of all sets. */
  readonly count: number
  /** Sets of images, or repetitions with other seeds. */
  readonly sets: number
}

/**
 * Half the width of Wilson's score interval at one standard error, z = 1: √(p(1−p)/n + 1/4n²) / (1 + 1/n). Unlike
 * √(p(1−p)/n), it is not 0 where all of a few images are right, or none.
 *
 * @see Wilson 1927, "Probable inference, the law of succession, and statistical inference"
 * @see Brown, Cai & DasGupta 2001, "Interval estimation for a binomial proportion", which advises it for small n
 */
export const wilsonError = (share: number, count: number): number =>
  Math.sqrt((share * (1 - share)) / count + 1 / (4 * count ** 2)) / (1 + 1 / count)

/** The accuracy on one set of images. */
export const accuracyOf = ({ count, correct }: Pick<SweepTrial, "count" | "correct">): Accuracy => {
  const accuracy = correct / count
  return { accuracy, standardError: wilsonError(accuracy, count), count, sets: 1 }
}

/** The mean accuracy over a point's sets. */
export const accuracyAt = ({ trials }: Pick<SweepPoint, "trials">): Accuracy => {
  const each = trials.map(accuracyOf)
  const [single] = each
  if (each.length === 1 && single !== undefined) return single
  const accuracy = mean(each.map((trial) => trial.accuracy))
  const squares = each.map((trial) => (trial.accuracy - accuracy) ** 2)
  const variance = squares.reduce((sum, square) => sum + square, 0) / (each.length - 1)
  return {
    accuracy,
    standardError: Math.sqrt(variance / each.length),
    count: each.reduce((sum, { count }) => sum + count, 0),
    sets: each.length
  }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The point of a sweep at an epsilon; `undefined` where the sweep has none there. */
export const pointAt = (
  { points }: { readonly points: ReadonlyArray<SweepPoint> },
  epsilon: number
): SweepPoint | undefined => points.find((point) => Math.abs(point.epsilon - epsilon) < 1e-9)
