/** What a model says of images, and what gradient it shows an attacker: the numbers that evaluations are made of. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import { Engine, type EngineFailure, type Signature, type Tensors } from "../engine.ts"
import { type LossName, losses } from "../loss/index.ts"
import { argMax, paddedFloats, paddedInts } from "./batches.ts"
import type { Classifier } from "./classifier.ts"
import { compileForward, floats, take, weightsFor } from "./programs.ts"
import type { AttackFailed } from "./rows.ts"

/** Per image, `[n]`. */
export interface Answers {
  /** The class of the largest logit, the first of equal ones. */
  readonly predictions: Int32Array
  /** The softmax probability of that class. */
  readonly confidence: Float64Array
  /** Cross-entropy at the true class, in nats. */
  readonly loss: Float32Array
  /** 1 where the prediction is the label. */
  readonly correct: Uint8Array
}

export interface MeasurerOptions {
  readonly classifier: Classifier
  /** By name, as {@link Classifier.weights} says. */
  readonly weights: ReadonlyMap<string, TensorData>
  /** Images per run of a program. */
  readonly batchSize: number
}

/** A function of images `[n, height, width, channels]` in [0, 1] and true classes `[n]`, for any n. */
export type Measurer<A> = (images: Float32Array, labels: Int32Array) => Effect.Effect<A, EngineFailure>

/** Compiles the measurement of a model's answers. It belongs to the scope; calls must not overlap. */
export const makeMeasurer = (
  options: MeasurerOptions
): Effect.Effect<Measurer<Answers>, EngineFailure | AttackFailed, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { classifier, batchSize } = options
    const { classes } = classifier
    const weights = yield* weightsFor(classifier, options.weights)
    const forward = yield* compileForward({ classifier, weights, batchSize }, "cross-entropy")
    return Effect.fnUntraced(function* (images, labels) {
      const logits = new Float32Array(labels.length * classes)
      const loss = new Float32Array(labels.length)
      yield* inBatches(options, images, labels, (batch, from, count) =>
        Effect.map(forward.run(batch.images, batch.labels), (said) => {
          logits.set(said.logits.subarray(0, count * classes), from * classes)
          loss.set(said.loss.subarray(0, count), from)
        })
      )
      const predictions = argMax(logits, classes)
      const correct = Uint8Array.from(predictions, (said, row) => Number(said === labels[row]))
      return { predictions, confidence: confidences(logits, classes), loss, correct }
    })
  })

/** The largest softmax probability of each row, without the rounding of float32 that makes so many of them 1. */
const confidences = (logits: Float32Array, classes: number): Float64Array =>
  Float64Array.from({ length: logits.length / classes }, (_, row) => {
    const values = logits.subarray(row * classes, (row + 1) * classes)
    const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    return 1 / values.reduce((sum, value) => sum + Math.exp(value - largest), 0)
  })

/** The gradient of a loss at the images, image by image, `[n]`. */
export interface Gradients {
  /** The largest absolute value. */
  readonly largest: Float32Array
  /** Share of the values that are exactly 0, which the sign step leaves where they are. */
  readonly zeroShare: Float32Array
  /**
   * 1 where every value is exactly 0: a gradient attack cannot move this image, and that the model withstands it says
   * nothing.
   *
   * @see Carlini et al. 2019, "On evaluating adversarial robustness"
   */
  readonly allZero: Uint8Array
}

/** Compiles the measurement of a loss's gradient. It belongs to the scope; calls must not overlap. */
export const makeGradientMeasurer = (
  options: MeasurerOptions & { readonly loss: LossName }
): Effect.Effect<Measurer<Gradients>, EngineFailure | AttackFailed, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { classifier, batchSize, loss } = options
    const weights = yield* weightsFor(classifier, options.weights)
    const engine = yield* Engine
    const shape = [batchSize, ...classifier.input]
    const inputs: Signature = {
      images: { dtype: "F32", shape },
      labels: { dtype: "I32", shape: [batchSize] }
    }
    const program = yield* engine.compile({
      name: `${classifier.name}, gradient of ${loss}`,
      inputs,
      state: classifier.weights,
      step: (tensors) => {
        const labels = take(tensors, "labels")
        const gradient = tf.grad((images) =>
          tf.sum(losses[loss](classifier.logits(tensors, images), labels))
        )(take(tensors, "images"))
        return {
          largest: tf.max(tf.abs(gradient), [1, 2, 3]),
          zeroShare: tf.mean(tf.cast(tf.equal(gradient, 0), "float32"), [1, 2, 3])
        }
      }
    })
    yield* program.load(weights)
    return Effect.fnUntraced(function* (images, labels) {
      const largest = new Float32Array(labels.length)
      const zeroShare = new Float32Array(labels.length)
      yield* inBatches(options, images, labels, (batch, from, count) => {
        const given: Tensors = {
          images: { dtype: "F32", shape, data: batch.images },
          labels: { dtype: "I32", shape: [batchSize], data: batch.labels }
        }
        return Effect.map(program.run(given), (found: Tensors) => {
          largest.set(floats(found, "largest").subarray(0, count), from)
          zeroShare.set(floats(found, "zeroShare").subarray(0, count), from)
        })
      })
      return { largest, zeroShare, allZero: Uint8Array.from(largest, (value) => Number(value === 0)) }
    })
  })

interface FullBatch {
  readonly images: Float32Array
  readonly labels: Int32Array
}

/** Calls a function with one full batch after the other, of which `count` rows, from row `from` on, are real. */
export const inBatches = Effect.fnUntraced(function* (
  { classifier, batchSize }: MeasurerOptions,
  images: Float32Array,
  labels: Int32Array,
  use: (batch: FullBatch, from: number, count: number) => Effect.Effect<void, EngineFailure>
) {
  const width = elementsOf(classifier.input)
  for (let from = 0; from < labels.length; from += batchSize) {
    const to = Math.min(from + batchSize, labels.length)
    const batch = {
      images: paddedFloats(images.subarray(from * width, to * width), width, batchSize),
      labels: paddedInts(labels.subarray(from, to), batchSize)
    }
    yield* use(batch, from, to - from)
  }
})
