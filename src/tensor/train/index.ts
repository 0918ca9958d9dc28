/** Training and evaluating networks. */
export { type Checkpoint, EpochMetrics, TrainingProgress } from "./checkpoint.ts"
export { BadCheckpoint, BadTraining, DataMismatch, TrainingDiverged } from "./errors.ts"
export { type Evaluated, type EvaluateOptions, evaluate } from "./evaluate.ts"
export { gradientsOf } from "./gradients.ts"
export { type BatchPosition, type Objective, type ObjectiveContext, plainObjective } from "./objective.ts"
export { EarlyStopping, TrainingOptions } from "./options.ts"
export { train } from "./train.ts"
export type { Batch, Trained, Training, TrainingError } from "./training.ts"
