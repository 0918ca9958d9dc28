/** Checks that a robustness evaluation can be believed. */
export {
  converged,
  gradientsPresent,
  iterativeNotWeaker,
  noiseNotStronger,
  transferNotStronger
} from "./comparisons.ts"
export {
  type Curve,
  type CurvePoint,
  fallsToChance,
  greyBound,
  greyEpsilon,
  nonIncreasing
} from "./curves.ts"
export type { Finding } from "./finding.ts"
export { worstCase } from "./worst-case.ts"
