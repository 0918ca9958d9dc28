/** Training on the engine that people use: one result, whatever the number of threads, and the direct engine's but for rounding. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { RandomStream } from "../../../src/data/random.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { Engine } from "../../../src/tensor/engine.ts"
import { crossEntropy, kl } from "../../../src/tensor/loss/index.ts"
import { apply, applyTraining } from "../../../src/tensor/network/index.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import {
  type Checkpoint,
  evaluate,
  type Objective,
  type Trained,
  train
} from "../../../src/tensor/train/index.ts"
import { options, stored, tinyTraining, wholeResult } from "./small.ts"

const onnx = (threads: number) => Layer.effect(Engine, onnxEngine({ threads }))

const training = Effect.map(tinyTraining, (tiny) => ({
  ...tiny,
  options: { ...options, l2: 0.001, clipNorm: 1, labelSmoothing: 0.1 }
}))

/** TRADES with an attack of two steps, all of it inside the training step. */
const trades: Objective = {
  inputs: (batch) => ({ start: { dtype: "F32", shape: [batch, 6, 6, 1] } }),
  draw: ({ seed, step, rows }) => {
    const data = new Float32Array(36 * rows.length)
    new RandomStream({ seed, purpose: 13, index: step }).fillUniform(data, -0.01, 0.01)
    return { start: { dtype: "F32", shape: [rows.length, 6, 6, 1], data } }
  },
  prepare: ({ network, weights, images, extras }) => {
    const clean = apply(network, weights, images)
    const farther = (x: tf.Tensor) => tf.sum(kl(clean, apply(network, weights, x)))
    let adversarial: tf.Tensor = tf.add(images, extras["start"] ?? 0)
    for (let step = 0; step < 2; step++) {
      const moved = tf.add(adversarial, tf.mul(tf.sign(tf.grad(farther)(adversarial)), 0.05))
      adversarial = tf.maximum(
        tf.minimum(moved, tf.minimum(tf.add(images, 0.1), 1)),
        tf.maximum(tf.sub(images, 0.1), 0)
      )
    }
    return { adversarial }
  },
  loss: ({ network, weights, images, labels, masks, extras }) => {
    const { logits, statistics } = applyTraining(network, weights, images, masks)
    const attacked = applyTraining(network, weights, extras["adversarial"] ?? images, masks)
    return {
      losses: tf.add(crossEntropy(logits, labels), tf.mul(kl(logits, attacked.logits), 6)),
      logits,
      statistics
    }
  }
}

describe("training on onnx", () => {
  it.effect("gives the same bytes with one thread and with two, interrupted and not", () =>
    Effect.gen(function* () {
      const asked = yield* training
      const checkpoints: Array<Checkpoint> = []
      const checkpoint = {
        due: Effect.succeed(true),
        write: (one: Checkpoint) => Effect.sync(() => void checkpoints.push(one))
      }
      const one = wholeResult(yield* train({ ...asked, checkpoint }).pipe(Effect.provide(onnx(1))))
      assert.deepStrictEqual(wholeResult(yield* train(asked).pipe(Effect.provide(onnx(2)))), one)
      for (const at of [0, 3, 6]) {
        const middle = checkpoints[at]
        if (middle === undefined) return assert.fail("too few checkpoints")
        const resumed = yield* train({ ...asked, resume: stored(middle) }).pipe(Effect.provide(onnx(2)))
        assert.deepStrictEqual(wholeResult(resumed), one)
      }
    })
  )

  it.effect("agrees with the direct engine", () =>
    Effect.gen(function* () {
      const adam = yield* training
      // Adam makes full steps of gradients that are nothing but rounding: a bias before batch normalisation has such.
      const optimiser = { type: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.001 } as const
      const asked = { ...adam, options: { ...adam.options, optimiser } }
      const there = yield* train(asked).pipe(Effect.provide(onnx(1)))
      const here = yield* train(asked).pipe(Effect.provide(Layer.effect(Engine, cpuEngine)))
      const losses = ({ history }: Trained) =>
        history.flatMap(({ trainingLoss, validationLoss }) => [trainingLoss, validationLoss ?? 0])
      for (const [i, loss] of losses(here).entries()) assert.closeTo(losses(there)[i] ?? 0, loss, 1e-5)
      const judge = evaluate(asked.network, there.weights, asked.data, { batchSize: 10 })
      const [a, b] = [
        yield* judge.pipe(Effect.provide(onnx(1))),
        yield* judge.pipe(Effect.provide(Layer.effect(Engine, cpuEngine)))
      ]
      for (const [i, loss] of b.loss.entries()) assert.closeTo(a.loss[i] ?? 0, loss, 1e-5)
      assert.deepStrictEqual(a.prediction, b.prediction)
    })
  )

  it.effect("agrees with the direct engine on TRADES, an attack within the step", () =>
    Effect.gen(function* () {
      const tiny = yield* training
      const optimiser = { type: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } as const
      const asked = { ...tiny, objective: trades, options: { ...tiny.options, optimiser, epochs: 1 } }
      const there = yield* train(asked).pipe(Effect.provide(onnx(1)))
      const here = yield* train(asked).pipe(Effect.provide(Layer.effect(Engine, cpuEngine)))
      for (const [name, { data }] of here.weights)
        for (const [i, value] of data.entries())
          assert.closeTo(there.weights.get(name)?.data[i] ?? Number.NaN, value, 1e-5, `${name} ${i}`)
    })
  )
})
