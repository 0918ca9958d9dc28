/** Remembers the best epoch and says when to stop. */
import { Schema } from "effect"
import type { EarlyStopping } from "./options.ts"

/** The best epoch so far. */
export const BestEpoch = Schema.Struct({
  /** From 1. */
  epoch: Schema.Int,
  /** What it had of the monitored metric. */
  value: Schema.Finite
})
export type BestEpoch = typeof BestEpoch.Type

/** The best epoch once `epoch` is over, whether that is the new one, and whether to stop. */
export const lookAtEpoch = (
  { monitor, patience, minimumDelta }: EarlyStopping,
  best: BestEpoch | null,
  now: { readonly epoch: number; readonly loss: number; readonly accuracy: number }
): { readonly best: BestEpoch; readonly isBest: boolean; readonly stop: boolean } => {
  const value = now[monitor]
  const gain = best === null ? 0 : monitor === "loss" ? best.value - value : value - best.value
  if (best === null || gain > minimumDelta)
    return { best: { epoch: now.epoch, value }, isBest: true, stop: false }
  return { best, isBest: false, stop: now.epoch - best.epoch >= patience }
}
