/** What an optimiser is: an update in tensor ops that runs inside the training step. */
import type * as tf from "@tensorflow/tfjs-core"
import type { Signature, StepTensors } from "../engine.ts"

export interface Optimiser {
  /** What it keeps from update to update: float32 tensors called `optimiser.<slot>.<parameter>`, zero at first. */
  readonly slots: (parameters: Signature) => Signature
  /**
   * The numbers that differ from update to update. They are scalar inputs of the step, so that one compiled step serves
   * every update, and computed in doubles.
   *
   * @param update which update this is, from 1
   */
  readonly coefficients: (learningRate: number, update: number) => Coefficients
  /** The parameters and slots after the update, under the names they came with. */
  readonly update: (given: {
    readonly parameters: StepTensors
    /** By the parameters' names. */
    readonly gradients: StepTensors
    readonly slots: StepTensors
    /** Scalars, by the names that `coefficients` gives. */
    readonly coefficients: StepTensors
  }) => StepTensors
}

export type Coefficients = { readonly [name: string]: number }

/** What an update sees of one parameter. */
interface Parts {
  readonly parameter: tf.Tensor
  readonly gradient: tf.Tensor
  readonly slot: (name: string) => tf.Tensor
  readonly coefficient: (name: string) => tf.Tensor
}

/** An optimiser that does the same with each parameter, whatever the others are. */
export const separately = (options: {
  readonly slots: ReadonlyArray<string>
  readonly coefficients: Optimiser["coefficients"]
  readonly update: (parts: Parts) => { readonly parameter: tf.Tensor; readonly slots: StepTensors }
}): Optimiser => ({
  slots: (parameters) => {
    const slots: Record<string, Signature[string]> = {}
    for (const slot of options.slots)
      for (const [name, { shape }] of Object.entries(parameters))
        slots[slotName(slot, name)] = { dtype: "F32", shape }
    return slots
  },
  coefficients: options.coefficients,
  update: ({ parameters, gradients, slots, coefficients }) => {
    const next: Record<string, tf.Tensor> = {}
    for (const [name, parameter] of Object.entries(parameters)) {
      const updated = options.update({
        parameter,
        gradient: named(gradients, name),
        slot: (slot) => named(slots, slotName(slot, name)),
        coefficient: (coefficient) => named(coefficients, coefficient)
      })
      next[name] = updated.parameter
      for (const [slot, tensor] of Object.entries(updated.slots)) next[slotName(slot, name)] = tensor
    }
    return next
  }
})

const slotName = (slot: string, parameter: string): string => `optimiser.${slot}.${parameter}`

/** The tensor of that name. Steps are checked when they are compiled, so its absence is a defect. */
export const named = (tensors: StepTensors, name: string): tf.Tensor => {
  const tensor = tensors[name]
  if (tensor === undefined) throw new Error(`there is no tensor \`${name}\``)
  return tensor
}
