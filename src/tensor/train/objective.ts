/** What a training step minimises. */
import type * as tf from "@tensorflow/tfjs-core"
import type { Signature, StepTensors, Tensors } from "../engine.ts"
import type { Loss } from "../loss/index.ts"
import { applyTraining, type Network } from "../network/index.ts"

/** Where a batch stands in the training. */
export interface BatchPosition {
  readonly seed: number
  /** From 0. */
  readonly epoch: number
  /** How many steps came before this one since training began. */
  readonly step: number
  /** The examples' row numbers in the dataset: the positions of random numbers that belong to an image. */
  readonly rows: Int32Array
}

/** What an objective computes with: tensors inside the step. */
export interface ObjectiveContext {
  readonly network: Network
  /** The network's parameters and statistics. */
  readonly weights: StepTensors
  /** float32 `[n, height, width, channels]` in [0, 1] */
  readonly images: tf.Tensor
  /** int32 `[n]` */
  readonly labels: tf.Tensor
  /** Dropout masks, as `applyTraining` takes them. */
  readonly masks: StepTensors
  /** The objective's own inputs, and what its `prepare` made of them. */
  readonly extras: StepTensors
}

/**
 * What a training step minimises: the mean of a loss per example.
 *
 * Adversarial training inside the step makes its images in `prepare`; TRADES adds its divergence in `loss`.
 */
export interface Objective {
  /**
   * Further inputs of the step, for a batch of `batch` examples: a random start. Their names must not be those of the step's
   * other tensors: `images`, `labels`, masks and weights.
   */
  readonly inputs?: (batch: number) => Signature
  /** Their values for one batch. A function of its argument alone, or a resumed training differs from an uninterrupted one. */
  readonly draw?: (position: BatchPosition) => Tensors
  /**
   * Tensors that the loss takes for constants: adversarial images. It runs before `loss`, and no gradient flows back
   * through it; it may take gradients of its own.
   */
  readonly prepare?: (context: ObjectiveContext) => StepTensors
  readonly loss: (context: ObjectiveContext) => {
    /** float32 `[n]` */
    readonly losses: tf.Tensor
    /** `[n, classes]`: what the training accuracy is counted from. */
    readonly logits: tf.Tensor
    /** The next running statistics, as `applyTraining` returns them. */
    readonly statistics: StepTensors
  }
}

/** The loss of the images as they come. */
export const plainObjective = (loss: Loss): Objective => ({
  loss: ({ network, weights, images, labels, masks }) => {
    const { logits, statistics } = applyTraining(network, weights, images, masks)
    return { losses: loss(logits, labels), logits, statistics }
  }
})
