/**
 * Six convolutions in three pairs, for CIFAR-10: 1,469,994 parameters.
 *
 * After `EvenDeeperCNN` of Deepthi et al. (study 1), who publish the layers but no widths; the widths are ours. Their
 * normalisation to [-1, 1] is inside the network, so a radius of theirs is half as large here.
 */
import type { TypedDescription } from "../network.ts"

const init = "pytorch"
const kernel = { kernelSize: [3, 3], padding: "same", init } as const

export const evenDeeperCnn: TypedDescription = {
  name: "even-deeper-cnn",
  layers: [
    { type: "input", shape: [32, 32, 3] },
    { type: "normalise", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    { type: "conv2d", filters: 32, ...kernel },
    { type: "relu" },
    { type: "conv2d", filters: 32, ...kernel },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "conv2d", filters: 64, ...kernel },
    { type: "relu" },
    { type: "conv2d", filters: 64, ...kernel },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "conv2d", filters: 128, ...kernel },
    { type: "relu" },
    { type: "conv2d", filters: 128, ...kernel },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "flatten" },
    { type: "dense", units: 512, init },
    { type: "relu" },
    { type: "dense", units: 256, init },
    { type: "relu" },
    { type: "dense", units: 10, init }
  ]
}
