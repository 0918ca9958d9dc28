/**
 * Runs a network on a batch, in plain TensorFlow.js ops: this is what steps are made of.
 *
 * The tensors of a step hold the weights, because they are its program's state:
 * `state: { ...network.parameters, ...network.statistics }`, then `apply(network, tensors, tensors.x)`.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { StepTensors } from "../engine.ts"
import type { Layer, NamedLayer } from "./layer.ts"
import { activate } from "./layers/activation.ts"
import { batchNorm, batchNormTraining } from "./layers/batch-norm.ts"
import { conv2d } from "./layers/conv2d.ts"
import { dense, flatten } from "./layers/dense.ts"
import { depthwiseConv2d } from "./layers/depthwise-conv2d.ts"
import { normalise } from "./layers/normalise.ts"
import { pool } from "./layers/pooling.ts"
import { maskName } from "./masks.ts"
import type { Network } from "./network.ts"

/**
 * Evaluation mode: running statistics, no dropout. An image's logits do not depend on the others in its batch.
 *
 * @param x images `[n, height, width, channels]` in [0, 1]
 * @returns logits `[n, classes]`
 */
export const apply = (network: Network, weights: StepTensors, x: tf.Tensor): tf.Tensor =>
  network.layers.reduce((input, layer) => forward(layer, weights, input), x)

/**
 * Training mode: batch normalisation by the batch's own statistics, dropout by the given masks.
 *
 * @param x images `[n, height, width, channels]` in [0, 1]
 * @param masks what `maskSignature` lists and `drawMasks` draws; they are inputs of the step
 * @returns logits `[n, classes]`, and the next running statistics under their names, to be returned by the step
 */
export const applyTraining = (
  network: Network,
  weights: StepTensors,
  x: tf.Tensor,
  masks: StepTensors
): { readonly logits: tf.Tensor; readonly statistics: StepTensors } => {
  const statistics: Record<string, tf.Tensor> = {}
  let logits = x
  for (const layer of network.layers) {
    const { name, type } = layer
    if (type === "batchNorm") {
      const trained = batchNormTraining(layer, logits, batchNormTensors(name, weights))
      statistics[`${name}.running_mean`] = trained.runningMean
      statistics[`${name}.running_var`] = trained.runningVar
      logits = trained.output
    } else if (type === "dropout") {
      if (layer.rate > 0) logits = tf.mul(logits, tensorOf(masks, maskName(name)))
    } else {
      logits = forward(layer, weights, logits)
    }
  }
  return { logits, statistics }
}

const forward = (layer: NamedLayer, weights: StepTensors, x: tf.Tensor): tf.Tensor => {
  const { name } = layer
  switch (layer.type) {
    case "input":
    case "dropout":
      return x
    case "normalise":
      return normalise(layer, x)
    case "conv2d":
      return conv2d(layer, x, tensorOf(weights, `${name}.weight`), biasOf(layer, name, weights))
    case "depthwiseConv2d":
      return depthwiseConv2d(layer, x, tensorOf(weights, `${name}.weight`), biasOf(layer, name, weights))
    case "maxPool":
    case "averagePool":
      return pool(layer, x)
    case "batchNorm":
      return batchNorm(layer, x, batchNormTensors(name, weights))
    case "dense":
      return dense(x, tensorOf(weights, `${name}.weight`), biasOf(layer, name, weights))
    case "flatten":
      return flatten(x)
    default:
      return activate(layer, x)
  }
}

const biasOf = (
  { useBias }: Extract<Layer, { readonly useBias: boolean }>,
  name: string,
  weights: StepTensors
): tf.Tensor | undefined => (useBias ? tensorOf(weights, `${name}.bias`) : undefined)

const batchNormTensors = (name: string, weights: StepTensors) => ({
  weight: tensorOf(weights, `${name}.weight`),
  bias: tensorOf(weights, `${name}.bias`),
  runningMean: tensorOf(weights, `${name}.running_mean`),
  runningVar: tensorOf(weights, `${name}.running_var`)
})

const tensorOf = (tensors: StepTensors, name: string): tf.Tensor => {
  const tensor = tensors[name]
  if (tensor !== undefined) return tensor
  throw new Error(
    `the step has no tensor \`${name}\`: the network's parameters and statistics are its state, the masks its inputs`
  )
}
