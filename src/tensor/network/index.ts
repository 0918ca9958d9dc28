/** Networks as data: describing, checking, beginning, running, importing and exporting them. */
export { apply, applyTraining } from "./apply.ts"
export { BadOnnx } from "./from-onnx/bad-onnx.ts"
export { fromOnnx, type OnnxImport } from "./from-onnx.ts"
export { initialise } from "./initialise.ts"
export { Initialiser } from "./initialiser.ts"
export { type KnownNetwork, knownNetworks } from "./known/index.ts"
export { mlp625With } from "./known/mlp-625.ts"
export { fromLayersModel, type ImportedModel } from "./layers-model/from-layers-model.ts"
export { BadLayersModel, type LayersModelFiles } from "./layers-model/layers-model.ts"
export { toLayersModel } from "./layers-model/to-layers-model.ts"
export { drawMasks, type MaskPosition, maskName, maskSignature } from "./masks.ts"
export {
  BadNetwork,
  Layer,
  type LayerDescription,
  makeNetwork,
  type NamedLayer,
  type Network,
  type NetworkDescription,
  type TypedDescription
} from "./network.ts"
export { type LayerSummary, type NetworkSummary, summarise } from "./summarise.ts"
export { BadWeights } from "./weights/bad-weights.ts"
export { exportWeights } from "./weights/export-weights.ts"
export { type ImportOptions, importWeights } from "./weights/import-weights.ts"
export type { NameTable } from "./weights/match-names.ts"
export { readSafetensors, writeSafetensors } from "./weights/safetensors-file.ts"
export type { WeightLayout } from "./weights/tensor-layout.ts"
