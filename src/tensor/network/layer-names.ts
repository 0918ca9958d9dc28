/** Names for layers that have none: what they are, and the how-manieth of its sort. */
import type { Layer, LayerType } from "./layer.ts"

const stems: { readonly [type in LayerType]: string } = {
  input: "input",
  normalise: "normalise",
  conv2d: "conv",
  depthwiseConv2d: "depthwise",
  maxPool: "pool",
  averagePool: "pool",
  batchNorm: "bn",
  relu: "relu",
  leakyRelu: "leakyRelu",
  elu: "elu",
  sigmoid: "sigmoid",
  tanh: "tanh",
  softplus: "softplus",
  gelu: "gelu",
  dropout: "dropout",
  flatten: "flatten",
  dense: "fc"
}

/**
 * A name for each layer, its own where it has one. Layers with a name of their own are counted too: the second
 * convolution is `conv2`, whatever the first is called.
 */
export const layerNames = (layers: ReadonlyArray<Layer>): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  return layers.map(({ type, name }) => {
    const stem = stems[type]
    const count = (counts.get(stem) ?? 0) + 1
    counts.set(stem, count)
    return name ?? `${stem}${count}`
  })
}
