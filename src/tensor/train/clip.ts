/** Gradient clipping. */
import * as tf from "@tensorflow/tfjs-core"
import type { StepTensors } from "../engine.ts"

/**
 * Scales all gradients by one factor, so that their joint L2 norm is at most `limit`; shorter ones stay as they are.
 *
 * @see PyTorch's `clip_grad_norm_`, whose 1e-6 keeps a zero gradient zero
 */
export const clipByGlobalNorm = (gradients: StepTensors, limit: number): StepTensors => {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))
  const norm = tf.sqrt(squares.reduce((total, square) => tf.add(total, square)))
  const factor = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1)
  const clipped: Record<string, tf.Tensor> = {}
  for (const [name, gradient] of Object.entries(gradients)) clipped[name] = tf.mul(gradient, factor)
  return clipped
}
