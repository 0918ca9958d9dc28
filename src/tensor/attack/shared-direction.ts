/**
 * Attacks of one step from the image itself, as FGSM: which way the step goes does not depend on its size. So the gradient
 * is computed once, and any number of sizes costs a forward pass each.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { Engine, type EngineFailure, type Signature, type Tensors } from "../engine.ts"
import { losses } from "../loss/index.ts"
import type { Attack, AttackSize } from "./attack.ts"
import { projection } from "./ball.ts"
import { direction } from "./direction.ts"
import { gradientOf } from "./loop.ts"
import { type Compiled, floats, take } from "./programs.ts"

/** Whether an attack is one. */
export const isOneStep = ({ steps, randomStart, momentum, iterate }: Attack): boolean =>
  steps === 1 && randomStart === "none" && momentum === 0 && iterate === "last"

/** What the model says of the images that a step has led to. */
export interface Stepped {
  readonly images: Float32Array
  readonly logits: Float32Array
  readonly loss: Float32Array
}

/** Looks which way a full batch has to go; what comes back takes a step of any size that way. */
export type OneStep = (
  clean: TensorData,
  labels: TensorData
) => Effect.Effect<(size: AttackSize) => Effect.Effect<Stepped, EngineFailure>, EngineFailure>

export const compileOneStep = (
  { classifier, weights, batchSize }: Compiled,
  attack: Attack
): Effect.Effect<OneStep, EngineFailure, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const images = { dtype: "F32", shape: [batchSize, ...classifier.input] } as const
    const given: Signature = { clean: images, labels: { dtype: "I32", shape: [batchSize] } }
    const loss = losses[attack.loss]
    const look = yield* engine.compile({
      name: `${classifier.name}, direction of ${attack.loss}`,
      inputs: given,
      state: classifier.weights,
      step: (tensors) => {
        const labels = take(tensors, "labels")
        const logits = (each: tf.Tensor) => classifier.logits(tensors, each)
        const gradient = gradientOf({ attack, loss, logits, labels }, take(tensors, "clean"))
        return { direction: direction(attack.norm, gradient) }
      }
    })
    const move = yield* engine.compile({
      name: `${classifier.name}, one step and ${attack.loss}`,
      inputs: {
        ...given,
        direction: images,
        epsilon: { dtype: "F32", shape: [] },
        stepSize: { dtype: "F32", shape: [] }
      },
      state: classifier.weights,
      step: (tensors) => {
        const clean = take(tensors, "clean")
        const step = tf.mul(take(tensors, "direction"), take(tensors, "stepSize"))
        const project = projection(attack.norm, clean, take(tensors, "epsilon"))
        const moved = project(tf.add(clean, step))
        const logits = classifier.logits(tensors, moved)
        return { images: moved, logits, loss: loss(logits, take(tensors, "labels")) }
      }
    })
    yield* look.load(weights)
    yield* move.load(weights)
    return (clean, labels) =>
      Effect.map(look.run({ clean, labels }), (found: Tensors) => ({ epsilon, stepSize }: AttackSize) => {
        const inputs = {
          clean,
          labels,
          direction: take(found, "direction"),
          ...scalars({ epsilon, stepSize })
        }
        return Effect.map(move.run(inputs), (outputs: Tensors) => ({
          images: floats(outputs, "images"),
          logits: floats(outputs, "logits"),
          loss: floats(outputs, "loss")
        }))
      })
  })

/** A size as tensors. */
export const scalars = ({ epsilon, stepSize }: AttackSize) => ({
  epsilon: { dtype: "F32", shape: [], data: Float32Array.of(epsilon) } as const,
  stepSize: { dtype: "F32", shape: [], data: Float32Array.of(stepSize) } as const
})
