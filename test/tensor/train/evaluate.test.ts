import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { Engine } from "../../../src/tensor/engine.ts"
import { apply, initialise } from "../../../src/tensor/network/index.ts"
import { evaluate } from "../../../src/tensor/train/index.ts"
import { corners, tinyNetwork } from "./small.ts"

const cpu = Layer.effect(Engine, cpuEngine)

const setting = Effect.gen(function* () {
  const network = yield* tinyNetwork
  return { network, weights: initialise(network, { seed: 5 }), data: corners(23, 8) }
})

describe("evaluate", () => {
  it.effect("gives each image's loss, prediction and confidence, as softmax of the logits has them", () =>
    Effect.gen(function* () {
      const { network, weights, data } = yield* setting
      const judged = yield* evaluate(network, weights, data, { batchSize: 23 })
      const { images, labels } = yield* data.rows(0, 23)
      const tensors: Record<string, tf.Tensor> = {}
      for (const [name, tensor] of weights)
        tensors[name] = tf.tensor(Float32Array.from(tensor.data), [...tensor.shape])
      const logits = apply(network, tensors, tf.tensor(images, [23, 6, 6, 1])).dataSync()
      for (const [row, label] of labels.entries()) {
        const z = [...logits.slice(3 * row, 3 * row + 3)]
        const total = z.reduce((sum, logit) => sum + Math.exp(logit), 0)
        const best = z.indexOf(Math.max(...z))
        assert.strictEqual(judged.prediction[row], best)
        assert.strictEqual(judged.correct[row], Number(best === label))
        assert.closeTo(judged.confidence[row] ?? 0, Math.exp(z[best] ?? 0) / total, 1e-6)
        assert.closeTo(judged.loss[row] ?? 0, Math.log(total) - (z[label] ?? 0), 1e-6)
      }
      assert.deepStrictEqual(judged.labels, labels)
      assert.strictEqual(judged.accuracy, judged.correct.reduce((a, b) => a + b, 0) / 23)
      assert.closeTo(judged.meanLoss, judged.loss.reduce((a, b) => a + b, 0) / 23, 1e-6)
    }).pipe(Effect.provide(cpu))
  )

  it.effect("gives the same in batches of any size, the last one smaller, and says how far it is", () =>
    Effect.gen(function* () {
      const { network, weights, data } = yield* setting
      const done: Array<number> = []
      const onProgress = (count: number) => Effect.sync(() => void done.push(count))
      const whole = yield* evaluate(network, weights, data, { batchSize: 100 })
      assert.deepStrictEqual(yield* evaluate(network, weights, data, { batchSize: 5, onProgress }), whole)
      assert.deepStrictEqual(done, [5, 10, 15, 20, 23])
    }).pipe(Effect.provide(cpu))
  )

  it.effect("refuses images of another shape, and more classes than logits", () =>
    Effect.gen(function* () {
      const { network, weights, data } = yield* setting
      const shape: readonly [number, number, number] = [7, 6, 1]
      const refused = (info: object) =>
        Effect.flip(
          evaluate(network, weights, { ...data, info: { ...data.info, ...info } }, { batchSize: 5 })
        )
      assert.include((yield* refused({ shape })).message, "images have the shape [7, 6, 1]")
      assert.include((yield* refused({ classes: ["a", "b", "c", "d"] })).message, "4 classes, the network 3")
    }).pipe(Effect.provide(cpu))
  )
})
