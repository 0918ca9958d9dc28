/**
 * The directory of a node's checkpoints: its cache key but for the params that may grow.
 *
 * A checkpoint is of no use for other code, inputs or params, so all of these count here as they do in the key. Those that a stage
 * declares in `checkpoint.continues` do not: training for 20 epochs finds the checkpoints of training for 10.
 */
import { type Canonical, digestOfCanonical } from "../artifact/canonical.ts"
import type { Digest } from "../artifact/digest.ts"
import type { ElaboratedStage } from "./elaboration.ts"
import { type BoundParts, cacheKey, fixedDigest } from "./key.ts"
import { paramsWithout } from "./param-at.ts"

/** @param bound the rest of the node's key */
export const checkpointFamily = (stage: ElaboratedStage, params: Canonical, bound: BoundParts): Digest => {
  const { name, code, packages, options } = stage
  const kept = paramsWithout(params, options.checkpoint?.continues ?? [])
  const fixed = fixedDigest({ stage: name, code, packages, params: kept })
  return digestOfCanonical({ checkpoints: cacheKey({ ...bound, fixed }) })
}
