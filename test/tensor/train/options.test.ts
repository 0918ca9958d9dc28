import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { Engine } from "../../../src/tensor/engine.ts"
import { type BestEpoch, lookAtEpoch } from "../../../src/tensor/train/early-stopping.ts"
import {
  type EarlyStopping,
  TrainingOptions,
  TrainingProgress,
  train
} from "../../../src/tensor/train/index.ts"
import { options, tinyTraining } from "./small.ts"

describe("training options", () => {
  const is = Schema.is(TrainingOptions)
  it("in range are taken, others are not", () => {
    assert.isTrue(is(options))
    assert.isTrue(is({ ...options, loss: "margin" }))
    for (const wrong of [
      { epochs: 0 },
      { batchSize: 1.5 },
      { labelSmoothing: 1 },
      { loss: "margin", labelSmoothing: 0.1 },
      { clipNorm: 0 },
      { l2: -1 },
      { seed: 2 ** 60 },
      { earlyStopping: { monitor: "loss", patience: 0, minimumDelta: 0, restoreBest: true } }
    ])
      assert.isFalse(is({ ...options, ...wrong }), JSON.stringify(wrong))
  })

  it("label smoothing without cross-entropy is refused by name", () => {
    const decode = Schema.decodeUnknownResult(TrainingOptions)
    const result = decode({ ...options, loss: "margin", labelSmoothing: 0.1 })
    assert.include(result._tag === "Failure" ? result.failure.message : "", "only cross-entropy has it")
  })
})

describe("early stopping", () => {
  const follow = (settings: EarlyStopping, values: ReadonlyArray<number>) => {
    let best: BestEpoch | null = null
    for (const [index, value] of values.entries()) {
      const seen = lookAtEpoch(settings, best, { epoch: index + 1, loss: value, accuracy: value })
      best = seen.best
      if (seen.stop) return { best: best.epoch, last: index + 1 }
    }
    return { best: best?.epoch, last: values.length }
  }
  const settings = { patience: 2, minimumDelta: 0, restoreBest: false } as const

  it("waits as many epochs as it has patience", () => {
    assert.deepStrictEqual(follow({ ...settings, monitor: "loss" }, [5, 3, 4, 3, 1]), { best: 2, last: 4 })
    assert.deepStrictEqual(follow({ ...settings, monitor: "loss" }, [5, 3, 4, 2, 1]), { best: 5, last: 5 })
    assert.deepStrictEqual(follow({ ...settings, monitor: "accuracy" }, [0.1, 0.5, 0.4, 0.5]), {
      best: 2,
      last: 4
    })
  })

  it("takes for better only what is better by more than the minimum", () => {
    const strict = { ...settings, monitor: "loss", minimumDelta: 0.5 } as const
    assert.deepStrictEqual(follow(strict, [5, 4.8, 4.6, 1]), { best: 1, last: 3 })
    assert.deepStrictEqual(follow(strict, [5, 4.4, 4.3, 4.2, 1]), { best: 2, last: 4 })
  })
})

describe("a training's progress", () => {
  it.effect("goes through JSON and back unchanged", () =>
    Effect.gen(function* () {
      const { checkpoint } = yield* train(yield* tinyTraining)
      const codec = Schema.fromJsonString(TrainingProgress)
      const text = yield* Schema.encodeEffect(codec)(checkpoint.progress)
      assert.deepStrictEqual(yield* Schema.decodeEffect(codec)(text), checkpoint.progress)
    }).pipe(Effect.provide(Layer.effect(Engine, cpuEngine)))
  )
})
