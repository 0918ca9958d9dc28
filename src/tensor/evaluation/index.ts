/** Judging models: their accuracy, its standard error, and what they say of images. */
export { type Accuracy, accuracyAt, accuracyOf, pointAt, wilsonError } from "./accuracy.ts"
export { attackText } from "./attack-text.ts"
export { curveOf, type FoundAt, largestClassShare, worstOf } from "./curve.ts"
export { Epsilons, epsilonText } from "./epsilons.ts"
export { type LoadedModel, loadModel, NoImages } from "./loaded-model.ts"
export { type Said, saidBy, Tally } from "./tally.ts"
export { inWholeBatches, joined, noRows } from "./whole-batches.ts"
