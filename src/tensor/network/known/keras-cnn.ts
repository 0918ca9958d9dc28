/**
 * Two convolutions with pooling and a hidden layer, the network of Keras' tutorials: 225,034 parameters.
 *
 * Srivathsav et al. use it on MNIST under FGSM (study 0), and the Adversarial Robustness Toolbox in its notebook on
 * adversarial training. Theirs ends with a softmax, ours with the logits.
 */
import type { TypedDescription } from "../network.ts"

export const kerasCnn: TypedDescription = {
  name: "keras-cnn",
  layers: [
    { type: "input", shape: [28, 28, 1] },
    { type: "conv2d", filters: 32, kernelSize: [3, 3] },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "conv2d", filters: 64, kernelSize: [3, 3] },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "flatten" },
    { type: "dense", units: 128 },
    { type: "relu" },
    { type: "dense", units: 10 }
  ]
}
