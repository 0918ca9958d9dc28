/** What a network says of images: loss, prediction and confidence for each. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { Engine, type EngineFailure, type Step, type Tensors } from "../engine.ts"
import { crossEntropy } from "../loss/index.ts"
import { apply, type Network } from "../network/index.ts"
import { named } from "../optimiser/index.ts"
import { weightNames } from "./step.ts"

/** Per image of a batch. */
export interface Judged {
  /** Cross-entropy at the label, `[n]`. */
  readonly loss: Float32Array
  /** The class of the largest logit, the first of equal ones, `[n]`. */
  readonly prediction: Int32Array
  /** The prediction's probability, `[n]`. */
  readonly confidence: Float32Array
}

/** A network compiled for batches of one size. The arrays for a batch's images and labels are part of it. */
export interface Evaluator {
  readonly batchSize: number
  readonly load: (weights: Tensors) => Effect.Effect<void, EngineFailure>
  /** `[batchSize, height, width, channels]`; to be filled before `run`. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** Judges the first `count` images. */
  readonly run: (count: number) => Effect.Effect<Judged, EngineFailure>
}

export const makeEvaluator = (
  network: Network,
  batchSize: number
): Effect.Effect<Evaluator, EngineFailure, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const shape = [batchSize, ...network.input]
    const program = yield* engine.compile({
      name: `evaluate ${network.name}`,
      inputs: { images: { dtype: "F32", shape }, labels: { dtype: "I32", shape: [batchSize] } },
      state: { ...network.parameters, ...network.statistics },
      step: stepOf(network)
    })
    const images = new Float32Array(shape.reduce((a, b) => a * b))
    const labels = new Int32Array(batchSize)
    const inputs: Tensors<"images" | "labels"> = {
      images: { dtype: "F32", shape, data: images },
      labels: { dtype: "I32", shape: [batchSize], data: labels }
    }
    const evaluator: Evaluator = {
      batchSize,
      images,
      labels,
      load: (weights) => program.load(only(weights, weightNames(network))),
      run: (count) =>
        Effect.map(program.run(inputs), (outputs: Tensors) => ({
          loss: floats(outputs["loss"]).subarray(0, count),
          prediction: integers(outputs["prediction"]).subarray(0, count),
          confidence: floats(outputs["confidence"]).subarray(0, count)
        }))
    }
    return evaluator
  })

const floats = (tensor: TensorData | undefined) =>
  tensor?.data instanceof Float32Array ? tensor.data : new Float32Array(0)

const integers = (tensor: TensorData | undefined) =>
  tensor?.data instanceof Int32Array ? tensor.data : new Int32Array(0)

const only = (weights: Tensors, names: ReadonlyArray<string>): Tensors => {
  const chosen: Record<string, Tensors[string]> = {}
  for (const name of names) {
    const tensor = weights[name]
    if (tensor !== undefined) chosen[name] = tensor
  }
  return chosen
}

/** One step per network, so that an engine that remembers steps compiles it once. */
const stepOf = (network: Network): Step => {
  const known = steps.get(network)
  if (known !== undefined) return known
  const step: Step = (tensors) => {
    const logits = apply(network, tensors, named(tensors, "images"))
    const shifted = tf.sub(logits, tf.max(logits, 1, true))
    return {
      loss: crossEntropy(logits, named(tensors, "labels")),
      prediction: tf.argMax(logits, 1),
      confidence: tf.div(1, tf.sum(tf.exp(shifted), 1))
    }
  }
  steps.set(network, step)
  return step
}

const steps = new WeakMap<Network, Step>()
