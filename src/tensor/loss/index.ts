/** Losses: per example, on logits, larger where the classifier does worse. */
export { crossEntropy, crossEntropyWith } from "./cross-entropy.ts"
export { dlr, dlrTargeted } from "./dlr.ts"
export { kl } from "./kl.ts"
export type { Loss } from "./loss.ts"
export { LossName, losses } from "./losses.ts"
export { margin, marginWith } from "./margin.ts"
export { l1Penalty, l2Penalty } from "./penalty.ts"
export { rawLogit } from "./raw-logit.ts"
