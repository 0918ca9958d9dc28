/** The losses by name, for params of stages. */
import { Schema } from "effect"
import { crossEntropy } from "./cross-entropy.ts"
import { dlr } from "./dlr.ts"
import type { Loss } from "./loss.ts"
import { margin } from "./margin.ts"
import { rawLogit } from "./raw-logit.ts"
import { softmaxSum } from "./softmax-sum.ts"

/** Losses that need nothing but logits and labels. */
export const LossName = Schema.Literals(["cross-entropy", "raw-logit", "margin", "dlr", "softmax-sum"])
export type LossName = typeof LossName.Type

export const losses: { readonly [name in LossName]: Loss } = {
  "cross-entropy": crossEntropy,
  "raw-logit": rawLogit,
  margin,
  dlr,
  "softmax-sum": softmaxSum
}
