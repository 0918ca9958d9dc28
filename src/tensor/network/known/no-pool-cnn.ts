/** Two convolutions without pooling, of Lee's study on MNIST (study 3): 4,738,826 parameters, nearly all in fc1. */
import type { TypedDescription } from "../network.ts"

const init = "pytorch"

export const noPoolCnn: TypedDescription = {
  name: "no-pool-cnn",
  layers: [
    { type: "input", shape: [28, 28, 1] },
    { type: "conv2d", filters: 32, kernelSize: [3, 3], init },
    { type: "relu" },
    { type: "conv2d", filters: 64, kernelSize: [3, 3], init },
    { type: "relu" },
    { type: "flatten" },
    { type: "dense", units: 128, init },
    { type: "relu" },
    { type: "dense", units: 10, init }
  ]
}
