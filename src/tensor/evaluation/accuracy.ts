/** How accurate a model is, and how sure that is. */
import type { SweepPoint, SweepTrial } from "../../artifact/kinds/sweep.ts"

export interface Accuracy {
  /** Share of the images in [0, 1]. `NaN` of none. */
  readonly accuracy: number
  /**
   * By how much `accuracy` would vary from one set of images to another, as a standard deviation. Over several sets it is
   * the sample deviation of their accuracies over the root of their number; of a single one, the binomial √(p(1−p)/n).
   */
  readonly standardError: number
  /** Images of all sets. */
  readonly count: number
}

/** The accuracy on one set of images. */
export const accuracyOf = ({ count, correct }: Pick<SweepTrial, "count" | "correct">): Accuracy => {
  const accuracy = correct / count
  return { accuracy, standardError: Math.sqrt((accuracy * (1 - accuracy)) / count), count }
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
    count: each.reduce((sum, { count }) => sum + count, 0)
  }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The point of a sweep at an epsilon; `undefined` where the sweep has none there. */
export const pointAt = (
  { points }: { readonly points: ReadonlyArray<SweepPoint> },
  epsilon: number
): SweepPoint | undefined => points.find((point) => Math.abs(point.epsilon - epsilon) < 1e-9)
