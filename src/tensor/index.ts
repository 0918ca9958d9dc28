/** What a project imports as `advpipe/tensor`: networks, training and attacks, and the engine that runs them. */
export * from "./attack/index.ts"
export {
  type CompileOptions,
  type ElementType,
  Engine,
  EngineFailure,
  EngineInfo,
  EngineName,
  type Program,
  type Signature,
  type Step,
  type StepTensors,
  type TensorSpec,
  type Tensors
} from "./engine.ts"
export * from "./loss/index.ts"
export * from "./network/index.ts"
export * from "./optimiser/index.ts"
export * from "./schedule/index.ts"
export * from "./train/index.ts"
