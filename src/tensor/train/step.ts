/** The training step: forward, gradient, update. */
import * as tf from "@tensorflow/tfjs-core"
import type { Signature, Step, StepTensors } from "../engine.ts"
import { l1Penalty, l2Penalty } from "../loss/index.ts"
import { maskSignature, type Network } from "../network/index.ts"
import { named, type Optimiser } from "../optimiser/index.ts"
import { clipByGlobalNorm } from "./clip.ts"
import { gradientsOf } from "./gradients.ts"
import type { Objective } from "./objective.ts"

export interface StepOptions {
  readonly network: Network
  readonly optimiser: Optimiser
  readonly objective: Objective
  readonly l1: number
  readonly l2: number
  readonly clipNorm: number | null
}

/** The names of a network's parameters and statistics. */
export const weightNames = ({ parameters, statistics }: Network): ReadonlyArray<string> => [
  ...Object.keys(parameters),
  ...Object.keys(statistics)
]

/** What stays from step to step: parameters, statistics, the optimiser's slots. */
export const trainingState = ({ network, optimiser }: StepOptions): Signature => ({
  ...network.parameters,
  ...network.statistics,
  ...optimiser.slots(network.parameters)
})

/** What comes in with every step. */
export const trainingInputs = ({ network, optimiser, objective }: StepOptions, batch: number): Signature => {
  const coefficients: Record<string, Signature[string]> = {}
  for (const name of Object.keys(optimiser.coefficients(1, 1)))
    coefficients[coefficientName(name)] = { dtype: "F32", shape: [] }
  return {
    images: { dtype: "F32", shape: [batch, ...network.input] },
    labels: { dtype: "I32", shape: [batch] },
    ...maskSignature(network, batch),
    ...objective.inputs?.(batch),
    ...coefficients
  }
}

/** The input that holds one of the optimiser's coefficients. */
export const coefficientName = (coefficient: string): string => `coefficient.${coefficient}`

/** One step; besides the next state it returns `loss`, the batch's mean without penalties, and `correct`, a count. */
export const trainingStep = (options: StepOptions): Step => {
  const { network, optimiser, objective, l1, l2, clipNorm } = options
  const parameterNames = Object.keys(network.parameters)
  const slotNames = Object.keys(optimiser.slots(network.parameters))
  const coefficients = Object.keys(optimiser.coefficients(1, 1))
  const penalised = parameterNames.filter((name) => (network.parameters[name]?.shape.length ?? 0) >= 2)

  return (tensors) => {
    const images = named(tensors, "images")
    const labels = named(tensors, "labels")
    const masks = choose(tensors, Object.keys(maskSignature(network, images.shape[0] ?? 0)))
    const inputs = choose(tensors, Object.keys(objective.inputs?.(images.shape[0] ?? 0) ?? {}))
    const statistics = choose(tensors, Object.keys(network.statistics))
    const parameters = choose(tensors, parameterNames)
    const context = { network, images, labels, masks, weights: { ...parameters, ...statistics } }
    const extras = { ...inputs, ...objective.prepare?.({ ...context, extras: inputs }) }

    const { gradients, others } = gradientsOf((at) => {
      const {
        losses,
        logits,
        statistics: next
      } = objective.loss({
        ...context,
        weights: { ...at, ...statistics },
        extras
      })
      const loss = tf.mean(losses)
      let value: tf.Tensor = loss
      if (l1 > 0) value = tf.add(value, tf.mul(l1Penalty(at, penalised), l1))
      if (l2 > 0) value = tf.add(value, tf.mul(l2Penalty(at, penalised), l2))
      return { value, others: { ...next, loss, correct: countCorrect(logits, labels) } }
    }, parameters)

    const updated = optimiser.update({
      parameters,
      gradients: clipNorm === null ? gradients : clipByGlobalNorm(gradients, clipNorm),
      slots: choose(tensors, slotNames),
      coefficients: Object.fromEntries(
        coefficients.map((name) => [name, named(tensors, coefficientName(name))])
      )
    })
    return { ...others, ...updated }
  }
}

const countCorrect = (logits: tf.Tensor, labels: tf.Tensor): tf.Tensor =>
  tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), "float32"))

const choose = (tensors: StepTensors, names: ReadonlyArray<string>): StepTensors =>
  Object.fromEntries(names.map((name) => [name, named(tensors, name)]))
