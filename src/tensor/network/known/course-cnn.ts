/**
 * `DLS_Model` of the course CSEC-720 at RIT, which Sen & Liu attack and retrain (study 2): 173,610 parameters.
 *
 * Pooling comes before the ReLU. Checkpoints of it come from PyTorch, where the flatten has channels outermost; importing
 * them with `layout: "pytorch"` reorders fc1's weights.
 */
import type { TypedDescription } from "../network.ts"

const init = "pytorch"

export const courseCnn: TypedDescription = {
  name: "course-cnn",
  layers: [
    { type: "input", shape: [28, 28, 1] },
    { type: "conv2d", filters: 32, kernelSize: [2, 2], init },
    { type: "maxPool", size: [2, 2] },
    { type: "relu" },
    { type: "conv2d", filters: 64, kernelSize: [2, 2], init },
    { type: "maxPool", size: [2, 2] },
    { type: "relu" },
    { type: "conv2d", filters: 128, kernelSize: [1, 1], init },
    { type: "maxPool", size: [2, 2] },
    { type: "relu" },
    { type: "flatten" },
    { type: "dense", units: 128, init },
    { type: "batchNorm" },
    { type: "relu" },
    { type: "dropout", rate: 0.5 },
    { type: "dense", units: 64, init },
    { type: "batchNorm" },
    { type: "relu" },
    { type: "dense", units: 10, init }
  ]
}
