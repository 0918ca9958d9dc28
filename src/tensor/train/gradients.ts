/** A scalar's gradients, and what else its computation found. */
import * as tf from "@tensorflow/tfjs-core"
import type { StepTensors } from "../engine.ts"
import { named } from "../optimiser/index.ts"

/**
 * Differentiates a scalar by the tensors it is given.
 *
 * `others` lets the forward pass hand out more than the scalar (logits, statistics), so that nothing is computed twice; no
 * gradient flows through them.
 *
 * @returns the gradients under the names of `at`, and the others
 */
export const gradientsOf = (
  f: (at: StepTensors) => { readonly value: tf.Tensor; readonly others: StepTensors },
  at: StepTensors
): { readonly gradients: StepTensors; readonly others: StepTensors } => {
  const names = Object.keys(at)
  const kept: Record<string, tf.Tensor> = {}
  const { value, grads } = tf.valueAndGrads((...given) => {
    const { value, others } = f(byName(names, given))
    // The forward pass has a scope of its own, at whose end all but `value` would be gone.
    for (const [name, other] of Object.entries(others)) kept[name] = tf.keep(tf.clone(other))
    return value
  })(names.map((name) => named(at, name)))
  value.dispose()
  const others: Record<string, tf.Tensor> = {}
  for (const [name, tensor] of Object.entries(kept)) {
    // Back into the caller's scope.
    others[name] = tf.clone(tensor)
    tensor.dispose()
  }
  return { gradients: byName(names, grads), others }
}

const byName = (names: ReadonlyArray<string>, tensors: ReadonlyArray<tf.Tensor>): StepTensors => {
  const result: Record<string, tf.Tensor> = {}
  for (const [index, tensor] of tensors.entries()) result[names[index] ?? ""] = tensor
  return result
}
