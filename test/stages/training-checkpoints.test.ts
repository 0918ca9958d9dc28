/** Trainings that go on from a checkpoint, as the stages do it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Checkpoint, type CheckpointValue } from "../../src/stage/index.ts"
import type { TrainingOptions } from "../../src/tensor/train/index.ts"
import { train } from "../../stages/train.ts"
import { dataset, recorded } from "./recorded.ts"

const network = {
  name: "small",
  layers: [
    { type: "input", shape: [1, 4, 1] },
    { type: "flatten" },
    { type: "dense", units: 5 },
    { type: "relu" },
    { type: "dense", units: 3 }
  ]
}

const data = dataset(
  Array.from({ length: 11 }, (_, row) => [row % 3, [row * 20, 255 - row * 9, (row * 71) % 256, 40]] as const)
)

const constant = { type: "constant", learningRate: 0.05, warmupEpochs: 0 } as const
const cosine = { ...constant, type: "cosine", finalRate: 0 } as const

const optionsFor = (epochs: number, schedule: TrainingOptions["schedule"] = constant): TrainingOptions => ({
  epochs,
  batchSize: 4,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule,
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed: 3,
  evaluationBatchSize: 8
})

/** Trains with some checkpoints at hand, the furthest first, and writes down what it keeps. */
const training = (options: TrainingOptions, kept: ReadonlyArray<CheckpointValue> = []) =>
  Effect.gen(function* () {
    const written: Array<CheckpointValue> = []
    const write = (value: CheckpointValue) => Effect.sync(() => void written.unshift(structuredClone(value)))
    const { layer, metrics, progress } = recorded()
    const service = Layer.succeed(Checkpoint, {
      latest: (fits) => Effect.sync(() => kept.find((value) => fits(value.progress))),
      write,
      offer: write,
      keepPart: () => Effect.die("a training keeps no parts"),
      part: () => Effect.undefined,
      due: Effect.succeed(true)
    })
    const params = train.meta.encodeParams({ network, initialSeed: 1, options })
    const model = yield* train
      .execute({ data, validation: [], from: [] }, params)
      .pipe(Effect.provide(Layer.merge(layer, service)))
    const weights = [...model.weights].map(([name, tensor]) => [name, [...tensor.data]] as const)
    return { weights, history: model.history, written, metrics, steps: progress.length }
  })

const positions = (values: ReadonlyArray<CheckpointValue>) => values.map(({ position }) => position)

describe("a training", () => {
  it.effect("ends with the same bytes from any of its checkpoints, and tells the same metrics", () =>
    Effect.gen(function* () {
      const straight = yield* training(optionsFor(3))
      assert.lengthOf(straight.history ?? [], 3)
      assert.deepStrictEqual(positions(straight.written), [9, 8, 7, 6, 5, 4, 3, 2, 1])
      for (const checkpoint of straight.written) {
        const { weights, history, metrics, steps } = yield* training(optionsFor(3), [checkpoint])
        assert.deepStrictEqual(weights, straight.weights)
        assert.deepStrictEqual(history, straight.history)
        assert.deepStrictEqual(metrics, straight.metrics)
        assert.strictEqual(steps, 9 - checkpoint.position)
      }
    })
  )

  it.effect("of more epochs goes on from the end of a shorter one", () =>
    Effect.gen(function* () {
      const [end] = (yield* training(optionsFor(2))).written
      assert.isDefined(end)
      assert.strictEqual(end.position, 6)
      const straight = yield* training(optionsFor(4))
      const longer = yield* training(optionsFor(4), [end])
      assert.deepStrictEqual(longer.weights, straight.weights)
      assert.deepStrictEqual(longer.history, straight.history)
      assert.deepStrictEqual(longer.metrics, straight.metrics)
      assert.strictEqual(longer.steps, 6)
    })
  )

  it.effect("passes over checkpoints that go further than it does", () =>
    Effect.gen(function* () {
      const { written } = yield* training(optionsFor(3))
      const straight = yield* training(optionsFor(2))
      const shorter = yield* training(optionsFor(2), written)
      assert.deepStrictEqual(shorter.weights, straight.weights)
      // The sixth step is its own last one, the seventh is beyond.
      assert.strictEqual(shorter.steps, 0)
      const without = written.filter(({ position }) => position > 6)
      assert.strictEqual((yield* training(optionsFor(2), without)).steps, 6)
    })
  )

  it.effect("whose learning rates depend on the number of epochs starts anew for another number", () =>
    Effect.gen(function* () {
      const { written } = yield* training(optionsFor(2, cosine))
      const straight = yield* training(optionsFor(4, cosine))
      const longer = yield* training(optionsFor(4, cosine), written)
      assert.strictEqual(longer.steps, 12)
      assert.deepStrictEqual(longer.weights, straight.weights)
      const again = yield* training(optionsFor(4, cosine), straight.written.slice(5))
      assert.deepStrictEqual([again.steps, again.weights], [5, straight.weights])
    })
  )

  it.effect("does not stumble over progress that is none of its own", () =>
    Effect.gen(function* () {
      const strange = { position: 5, progress: { format: 2 }, tensors: new Map() }
      assert.strictEqual((yield* training(optionsFor(1), [strange])).steps, 3)
    })
  )
})
