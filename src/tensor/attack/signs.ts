/** The signs of a loss's gradient: all that a single step needs to know of a model, whatever its length. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { elementsOf } from "../../artifact/tensor-data.ts"
import { Engine, type EngineFailure, type Signature, type Tensors } from "../engine.ts"
import { type LossName, losses } from "../loss/index.ts"
import { direction } from "./direction.ts"
import { inBatches, type Measurer, type MeasurerOptions } from "./measure.ts"
import { floats, take, weightsFor } from "./programs.ts"
import type { AttackFailed } from "./rows.ts"

/**
 * Compiles a function that gives the sign of a loss's gradient for every value of every image: 1, -1, or 0 where the gradient
 * is exactly 0. It belongs to the scope; calls must not overlap.
 */
export const makeSignMeasurer = (
  options: MeasurerOptions & { readonly loss: LossName }
): Effect.Effect<Measurer<Float32Array>, EngineFailure | AttackFailed, Engine | Scope.Scope> =>
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
      name: `${classifier.name}, signs of the gradient of ${loss}`,
      inputs,
      state: classifier.weights,
      step: (tensors) => {
        const labels = take(tensors, "labels")
        const gradient = tf.grad((images) =>
          tf.sum(losses[loss](classifier.logits(tensors, images), labels))
        )(take(tensors, "images"))
        return { signs: direction("linf", gradient) }
      }
    })
    yield* program.load(weights)
    const width = elementsOf(classifier.input)
    return Effect.fnUntraced(function* (images, labels) {
      const signs = new Float32Array(images.length)
      yield* inBatches(options, images, labels, (batch, from, count) => {
        const given: Tensors = {
          images: { dtype: "F32", shape, data: batch.images },
          labels: { dtype: "I32", shape: [batchSize], data: batch.labels }
        }
        return Effect.map(program.run(given), (found: Tensors) =>
          signs.set(floats(found, "signs").subarray(0, count * width), from * width)
        )
      })
      return signs
    })
  })
