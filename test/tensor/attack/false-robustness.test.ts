/**
 * The trap of cross-entropy on clipped probabilities: a confident model's gradient is exactly zero, the attack does not
 * move the image, and the model looks robust. On logits there is no such thing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { gradientsPresent } from "../../../src/tensor/attack/hygiene/index.ts"
import {
  addNoise,
  type Classifier,
  fgsm,
  makeAttacker,
  makeGradientMeasurer,
  makeMeasurer,
  perturbationsOf,
  pgd
} from "../../../src/tensor/attack/index.ts"
import { takeSteps } from "../../../src/tensor/attack/loop.ts"
import type { LossName } from "../../../src/tensor/loss/index.ts"
import { mean, moreConfident, onCpu, type Subject, smallDigits, trainedOnDigits } from "./classifiers.ts"

const epsilon = 0.3
const batchSize = 50

/** As Keras and the layers of TensorFlow.js have it, whether they are told that they get logits or not. */
const clippedCrossEntropy = (logits: tf.Tensor, labels: tf.Tensor): tf.Tensor => {
  const probabilities = tf.clipByValue(tf.softmax(logits), 1e-7, 1 - 1e-7)
  return tf.neg(tf.sum(tf.mul(tf.log(probabilities), tf.oneHot(labels, 10)), 1))
}

let trained: Subject | undefined

/** Trained once for all tests. */
const confident = Effect.gen(function* () {
  trained ??= moreConfident(yield* trainedOnDigits(smallDigits("train", 250), 120), 16)
  return trained
})
const images = smallDigits("test", 200)

/** FGSM with a loss that is none of ours, on all images at once. */
const fgsmWith = (
  loss: (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor,
  classifier: Classifier,
  weights: { readonly [name: string]: tf.Tensor }
): Float32Array => {
  const clean = tf.tensor(images.images, [200, 14, 14, 1])
  const ascent = {
    attack: fgsm({ epsilon }),
    logits: (each: tf.Tensor) => classifier.logits(weights, each),
    loss,
    classes: 10,
    clean,
    labels: tf.tensor(images.labels, [200], "int32"),
    epsilon: tf.scalar(epsilon),
    stepSize: tf.scalar(epsilon)
  }
  return Float32Array.from(takeSteps(ascent, { images: clean }, 1).images.dataSync())
}

describe("a confident classifier of digits", () => {
  it.effect("looks robust only to the loss on clipped probabilities", () =>
    Effect.gen(function* () {
      const subject = yield* confident
      const measure = yield* makeMeasurer({ ...subject, batchSize })
      const accuracy = (perturbed: Float32Array) =>
        Effect.map(measure(perturbed, images.labels), ({ correct }) => mean(correct))
      const attacker = yield* makeAttacker({ ...subject, attack: fgsm({ epsilon }), batchSize, seed: 0 })
      const onLogits = yield* attacker.run(images)

      const weights = Object.fromEntries(
        [...subject.weights].map(([name, { shape, data }]) => [
          name,
          tf.tensor(Float32Array.from(data), [...shape])
        ])
      )
      const onClipped = fgsmWith(clippedCrossEntropy, subject.classifier, weights)

      assert.isAbove(yield* accuracy(images.images), 0.65)
      assert.isBelow(yield* accuracy(onLogits.images), 0.05)
      assert.isAbove(yield* accuracy(onClipped), 0.4)

      const share = (perturbed: Float32Array) =>
        perturbationsOf(images.images, perturbed, [14, 14, 1]).linf.filter((size) => size === 0).length / 200
      assert.isTrue(gradientsPresent({ share: share(onLogits.images), limit: 0 }).passed)
      assert.isFalse(gradientsPresent({ share: share(onClipped), limit: 0.5 }).passed)
    }).pipe(Effect.scoped, Effect.provide(onCpu))
  )

  it.effect("has gradients that are found to be zero or not, loss by loss", () =>
    Effect.gen(function* () {
      // Logits so far apart that the other classes' probabilities are below what float32 can hold.
      const certain = moreConfident(yield* confident, 100)
      const zeros = (loss: LossName) =>
        Effect.gen(function* () {
          const gradients = yield* makeGradientMeasurer({ ...certain, batchSize, loss })
          const { allZero, zeroShare } = yield* gradients(images.images, images.labels)
          for (const [row, zero] of allZero.entries()) assert.strictEqual(zeroShare[row] === 1, zero === 1)
          return mean(allZero)
        })
      assert.isAbove(yield* zeros("cross-entropy"), 0.5)
      assert.strictEqual(yield* zeros("margin"), 0)

      const robust = (loss: LossName) =>
        Effect.gen(function* () {
          const attack = pgd({ epsilon, stepSize: 0.05, steps: 10, loss })
          const attacker = yield* makeAttacker({ ...certain, attack, batchSize, seed: 0 })
          return 1 - mean((yield* attacker.run(images)).success)
        })
      assert.isAbove(yield* robust("cross-entropy"), 0.4)
      assert.isBelow(yield* robust("margin"), 0.05)
    }).pipe(Effect.scoped, Effect.provide(onCpu))
  )

  it.effect("is hurt far less by noise than by an attack of the same size", () =>
    Effect.gen(function* () {
      const subject = yield* confident
      const measure = yield* makeMeasurer({ ...subject, batchSize })
      for (const kind of ["boundary", "uniform"] as const) {
        const noisy = addNoise({ norm: "linf", kind, epsilon, seed: 0 }, images.images, images.indices)
        const { correct } = yield* measure(noisy, images.labels)
        assert.isAbove(mean(correct), 0.5)
      }
    }).pipe(Effect.scoped, Effect.provide(onCpu))
  )
})
