/** Sweeps as the hygiene checks see them. */
import type { Sweep } from "../../artifact/kinds/sweep.ts"
import type { Curve, Finding } from "../attack/hygiene/index.ts"
import { accuracyAt, pointAt } from "./accuracy.ts"

/** The mean accuracy at each epsilon. */
export const curveOf = ({ points }: Sweep): Curve =>
  points.map((point) => ({ epsilon: point.epsilon, accuracy: accuracyAt(point).accuracy }))

export interface FoundAt {
  readonly epsilon: number
  /** All epsilons that were looked at. */
  readonly epsilons: ReadonlyArray<number>
  readonly finding: Finding
}

/**
 * Compares two sweeps where they share an epsilon above 0, and gives the epsilon at which `lower` is highest above `upper`.
 * `undefined` where they share none. Where both are 0 the rule holds and says nothing: another epsilon is given if there is one.
 *
 * @param lower the sweep whose accuracy should not be the higher one
 */
export const worstOf = (
  lower: Sweep,
  upper: Sweep,
  compare: (lower: number, upper: number) => Finding
): FoundAt | undefined => {
  const shared = lower.points.flatMap((point) => {
    const other = point.epsilon > 0 ? pointAt(upper, point.epsilon) : undefined
    if (other === undefined) return []
    return [{ epsilon: point.epsilon, lower: accuracyAt(point).accuracy, upper: accuracyAt(other).accuracy }]
  })
  const telling = shared.filter((each) => each.lower > 0 || each.upper > 0)
  const worst = (telling.length === 0 ? shared : telling).reduce<(typeof shared)[number] | undefined>(
    (a, b) => (a === undefined || b.lower - b.upper > a.lower - a.upper ? b : a),
    undefined
  )
  return (
    worst && {
      epsilon: worst.epsilon,
      epsilons: shared.map(({ epsilon }) => epsilon),
      finding: compare(worst.lower, worst.upper)
    }
  )
}

/** Share of the images that belong to the most frequent class: what a model gets that gives one answer to everything. */
export const largestClassShare = ({ points }: Sweep): number => {
  const [trial] = points[0]?.trials ?? []
  return trial === undefined ? 1 : Math.max(...trial.perClass.map(({ count }) => count)) / trial.count
}
