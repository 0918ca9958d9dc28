/** What an attack needs to know of a model. */
import type * as tf from "@tensorflow/tfjs-core"
import type { Signature, StepTensors } from "../engine.ts"
import { apply, type Network } from "../network/index.ts"

/** A function from images to logits whose weights come as tensors. Networks are the usual ones. */
export interface Classifier {
  /** For programs' names. */
  readonly name: string
  /** Height, width, channels. */
  readonly input: readonly [height: number, width: number, channels: number]
  /** How many classes there are: the length of a row of logits. */
  readonly classes: number
  /** The tensors that `logits` reads. Their names have a dot in them, as `conv1.weight` has; names without are the programs'. */
  readonly weights: Signature
  /**
   * Logits `[n, classes]` of images `[n, height, width, channels]` in [0, 1], in evaluation mode: the logits of an image
   * must not depend on its batch. Plain TensorFlow.js ops.
   */
  readonly logits: (weights: StepTensors, images: tf.Tensor) => tf.Tensor
}

/** A network as a classifier, in evaluation mode. */
export const classifierOf = (network: Network): Classifier => ({
  name: network.name,
  input: network.input,
  classes: network.classes,
  weights: { ...network.parameters, ...network.statistics },
  logits: (weights, images) => apply(network, weights, images)
})
