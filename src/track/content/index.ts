/**
 * What a run looks like in MLflow, beside its params, metrics and state: datasets, tables, figures, images, models, the plan.
 *
 * Everything here describes; nothing is sent, and no file is read before its bytes are asked for.
 */
export { type DatasetInput, datasetDigest } from "./dataset-input.ts"
export type { LoggedModel, ModelIdentity } from "./logged-model.ts"
export { type NodeContent, nodeContent } from "./node-content.ts"
export { inputsOf, type KnownArtifacts, type NodeInput, type ProducedNode } from "./produced-node.ts"
export { BadRegistration, parseRegistrations, type Registration } from "./registration.ts"
export { type RunContent, runContent } from "./run-content.ts"
export type { ContentError, Upload } from "./upload.ts"
