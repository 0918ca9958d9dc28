/** Calls a step on the backend that computes, and looks at what it returns. */
import * as tf from "@tensorflow/tfjs-core"
import type { Signature, TensorSpec } from "../engine.ts"
import { Mistake } from "./failure.ts"
import { specOf, specText, zerosOf } from "./tensors.ts"

export type NamedTensors = { readonly [name: string]: tf.Tensor }

/** A step whose names only run time knows. */
export type AnyStep = (tensors: NamedTensors) => NamedTensors

/** Type and shape of all that a step returns. */
export type StepOutputs = { readonly [name: string]: TensorSpec }

/**
 * Calls a step on tensors that stay the caller's. What it returns belongs to the caller too, and shares nothing with
 * them; everything in between is gone.
 */
export const callStep = (step: AnyStep, given: () => NamedTensors): { readonly [name: string]: tf.Tensor } =>
  tf.tidy(() => {
    const returned = withoutReading(() => step(given()))
    const own: Record<string, tf.Tensor> = {}
    // A step may return what it was given, or one tensor under two names.
    for (const [name, tensor] of Object.entries(returned)) own[name] = tf.clone(tensor)
    return own
  })

/** Finds what a step returns by calling it once on zeros, which is the one way that is sure to do what a run does. */
export const outputsOnZeros = (step: AnyStep, signature: Signature, state: Signature): StepOutputs => {
  const zeros = () =>
    Object.fromEntries(
      Object.entries({ ...signature, ...state }).map(([name, spec]) => [name, zerosOf(spec)])
    )
  const returned = callStep(step, zeros)
  const outputs: Record<string, TensorSpec> = {}
  for (const [name, tensor] of Object.entries(returned)) {
    const spec = specOf(tensor)
    tensor.dispose()
    if (spec === undefined)
      throw new Mistake(
        `output \`${name}\` is of type ${tensor.dtype}`,
        "outputs are float32, int32 or bool: cast it"
      )
    outputs[name] = spec
  }
  for (const [name, spec] of Object.entries(state)) {
    const next = outputs[name]
    if (next !== undefined && specText(next) !== specText(spec))
      throw new Mistake(
        `state \`${name}\` comes in as ${specText(spec)} and goes out as ${specText(next)}`,
        "state keeps its type and shape; return what differs under another name"
      )
  }
  return outputs
}

/**
 * Lets a step compute and look at no value. Here it could, but a step that did would not run on an engine that records
 * it, where the values do not exist yet.
 */
const withoutReading = <A>(compute: () => A): A => {
  const engine = tf.engine()
  const { read, readSync } = engine
  const refuse = () => {
    throw new Mistake(
      "the step reads a value (`dataSync`, `arraySync`, `data` or the like)",
      "compute with tensor ops alone; what has to be looked at is returned, or comes in as an input"
    )
  }
  engine.read = refuse
  engine.readSync = refuse
  try {
    return compute()
  } finally {
    engine.read = read
    engine.readSync = readSync
  }
}
