/** The vocabulary that authors of stages and pipelines import. */
export { Engine } from "../tensor/engine.ts"
export { Checkpoint, type CheckpointValue } from "./checkpoint.ts"
export type { InputSpec, Node, StageMeta, StageOptions } from "./node.ts"
export type { Output } from "./output.ts"
export { Pipeline, type Remarks } from "./pipeline.ts"
export { Metrics, Progress, type StageFailure, type StageServices } from "./services.ts"
export { Stage } from "./stage.ts"
