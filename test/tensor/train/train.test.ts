import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber, Layer } from "effect"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { Engine, type Tensors } from "../../../src/tensor/engine.ts"
import { crossEntropy } from "../../../src/tensor/loss/index.ts"
import {
  apply,
  applyTraining,
  drawMasks,
  initialise,
  makeNetwork
} from "../../../src/tensor/network/index.ts"
import { type Checkpoint, type EpochMetrics, type Objective, train } from "../../../src/tensor/train/index.ts"
import {
  bytes,
  corners,
  linearNetwork,
  options,
  stored,
  tinyNetwork,
  tinyTraining,
  wholeResult
} from "./small.ts"
import { softmaxRegression } from "./softmax-regression.ts"

const cpu = Layer.effect(Engine, cpuEngine)

const linearTraining = Effect.map(linearNetwork, (network) => ({
  network,
  weights: initialise(network, { seed: 1 }),
  data: corners(40, 1),
  options: {
    ...options,
    optimiser: { type: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
    schedule: { type: "step", learningRate: 0.1, warmupEpochs: 0, milestones: [1], gamma: 0.5 }
  } as const
}))

describe("training", () => {
  it.effect("learns, and says how it went while it goes on", () =>
    Effect.gen(function* () {
      const told: Array<EpochMetrics> = []
      const progress: Array<number> = []
      const training = yield* tinyTraining
      const { history, epoch, stopped } = yield* train({
        ...training,
        data: corners(400, 1),
        options: { ...options, epochs: 6 },
        onEpoch: (metrics) => Effect.sync(() => told.push(metrics)),
        onProgress: (done, total) => Effect.sync(() => progress.push(done / total))
      })
      assert.deepStrictEqual(told, [...history])
      assert.deepStrictEqual(
        history.map((metrics) => metrics.epoch),
        [1, 2, 3, 4, 5, 6]
      )
      const [first, last] = [history.at(0), history.at(-1)]
      assert.isBelow(last?.trainingLoss ?? 9, 0.6 * (first?.trainingLoss ?? 0))
      assert.isAbove(last?.validationAccuracy ?? 0, 0.9)
      assert.isBelow(last?.validationLoss ?? 9, 0.4)
      assert.deepStrictEqual([epoch, stopped], [6, false])
      assert.strictEqual(progress.length, 6 * 25)
      assert.strictEqual(progress.at(-1), 1)
      assert.deepStrictEqual(
        progress,
        [...progress].sort((a, b) => a - b)
      )
    }).pipe(Effect.provide(cpu))
  )

  it.effect(
    "does what the textbook says: softmax regression with momentum, penalties and a smaller last batch",
    () =>
      Effect.gen(function* () {
        const training = yield* linearTraining
        const settings = { ...training.options, l1: 0.003, l2: 0.02, epochs: 2, lastBatch: "keep" } as const
        const { weights, history } = yield* train({ ...training, options: settings })
        const expected = yield* softmaxRegression({ ...training, options: settings })
        for (const [name, values] of Object.entries(expected.weights)) {
          const actual = weights.get(name)?.data ?? []
          assert.strictEqual(actual.length, values.length)
          for (const [i, value] of values.entries())
            assert.closeTo(actual[i] ?? Number.NaN, value, 2e-6, `${name} ${i}`)
        }
        for (const [i, { loss, accuracy }] of expected.history.entries()) {
          assert.closeTo(history[i]?.trainingLoss ?? Number.NaN, loss, 1e-6)
          assert.closeTo(history[i]?.trainingAccuracy ?? Number.NaN, accuracy, 1e-12)
          assert.strictEqual(history[i]?.learningRate, i === 0 ? 0.1 : 0.05)
          assert.isNull(history[i]?.validationLoss)
        }
      }).pipe(Effect.provide(cpu))
  )

  it.effect("twice the same is the same to the byte; another seed is not", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const [a, b] = [yield* train(training), yield* train(training)]
      assert.deepStrictEqual(wholeResult(a), wholeResult(b))
      const other = yield* train({ ...training, options: { ...options, seed: 4 } })
      assert.notDeepEqual(bytes(other.weights), bytes(a.weights))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("draws dropout masks of their own for every step, by its number since training began", () =>
    Effect.gen(function* () {
      const { network, ...training } = yield* tinyTraining
      const engine = yield* cpuEngine
      const masks: Array<TensorData | undefined> = []
      const watching = Engine.of({
        ...engine,
        compile: (program) =>
          Effect.map(engine.compile(program), (compiled) => ({
            ...compiled,
            run: (inputs) => {
              const given: Tensors = inputs
              if (program.name.startsWith("train")) masks.push(given["dropout1.mask"])
              return compiled.run(inputs)
            }
          }))
      })
      yield* train({ ...training, network }).pipe(Effect.provideService(Engine, watching))
      const expected = Array.from({ length: 12 }, (_, step) => {
        const batch = step % 4 === 3 ? 8 : 16
        return drawMasks(network, batch, { seed: options.seed, step })["dropout1.mask"]
      })
      assert.deepStrictEqual(masks, expected)
    })
  )

  it.effect("bytes and floats of the same pixels train alike", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const floats = yield* train({ ...training, data: corners(56, 1, "F32") })
      assert.deepStrictEqual(wholeResult(floats), wholeResult(yield* train(training)))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("stops where the loss is no number, with epoch, step and cure", () =>
    Effect.gen(function* () {
      const training = yield* linearTraining
      const schedule = { type: "constant", learningRate: 1e38, warmupEpochs: 0 } as const
      const error = yield* Effect.flip(train({ ...training, options: { ...training.options, schedule } }))
      if (error._tag !== "TrainingDiverged") return assert.fail(error.message)
      assert.deepStrictEqual([error.epoch, error.step], [1, 2])
      assert.include(error.message, "epoch 1, step 2: the training loss is")
      assert.include(error.hint, "learning rate")
    }).pipe(Effect.provide(cpu))
  )

  it.effect("stops where a weight is no number after the last step, which no loss has met", () =>
    Effect.gen(function* () {
      const training = yield* linearTraining
      const schedule = { type: "constant", learningRate: 3e38, warmupEpochs: 0 } as const
      const data = corners(16, 1)
      const error = yield* Effect.flip(
        train({ ...training, data, options: { ...training.options, l2: 1e4, epochs: 1, schedule } })
      )
      if (error._tag !== "TrainingDiverged") return assert.fail(error.message)
      assert.match(error.what, /^`.*` is not finite$/)
    }).pipe(Effect.provide(cpu))
  )

  it.effect("can be interrupted between steps", () =>
    Effect.gen(function* () {
      let steps = 0
      const training = yield* tinyTraining
      const fiber: Fiber.Fiber<unknown, unknown> = yield* train({
        ...training,
        options: { ...options, epochs: 1000 },
        onProgress: () => Effect.sync(() => void steps++)
      }).pipe(Effect.forkChild)
      while (steps < 3) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isBelow(steps, 10)
    }).pipe(Effect.provide(cpu))
  )
})

describe("options of a training", () => {
  const rowsSeen = (lastBatch: "keep" | "drop", memoryBudget?: number) =>
    Effect.gen(function* () {
      const training = yield* linearTraining
      const epochs: Array<Array<number>> = [[], []]
      const sizes: Array<number> = []
      yield* train({
        ...training,
        options: { ...training.options, epochs: 2, lastBatch },
        ...(memoryBudget === undefined ? {} : { memoryBudget }),
        transform: ({ images, labels, position }) =>
          Effect.sync(() => {
            epochs[position.epoch]?.push(...position.rows)
            sizes.push(position.rows.length)
            assert.strictEqual(images.length, 36 * labels.length)
            assert.deepStrictEqual(
              [...labels],
              [...position.rows].map((row) => truth[row])
            )
            return images
          })
      })
      return { epochs, sizes }
    })
  const truth: Array<number> = []
  const all = Array.from({ length: 40 }, (_, row) => row)
  const ascending = (rows: ReadonlyArray<number> = []) => [...rows].sort((a, b) => a - b)
  const learnLabels = Effect.gen(function* () {
    truth.push(...(yield* corners(40, 1).rows(0, 40)).labels)
  })

  it.effect("every example is seen once an epoch, each time in another order", () =>
    Effect.gen(function* () {
      yield* learnLabels
      const { epochs, sizes } = yield* rowsSeen("keep")
      assert.deepStrictEqual(epochs.map(ascending), [all, all])
      assert.notDeepEqual(epochs[0], epochs[1])
      assert.notDeepEqual(epochs[0], all)
      assert.deepStrictEqual(sizes, [16, 16, 8, 16, 16, 8])
    }).pipe(Effect.provide(cpu))
  )

  it.effect("`lastBatch` drop leaves out what does not fill a batch, others each epoch", () =>
    Effect.gen(function* () {
      const { epochs, sizes } = yield* rowsSeen("drop")
      assert.deepStrictEqual(sizes, [16, 16, 16, 16])
      const left = epochs.map((rows) => all.filter((row) => !rows.includes(row)))
      assert.deepStrictEqual(
        left.map((rows) => rows.length),
        [8, 8]
      )
      assert.notDeepEqual(left[0], left[1])
    }).pipe(Effect.provide(cpu))
  )

  it.effect("images over the memory budget come in blocks: the same rows, each once, another order", () =>
    Effect.gen(function* () {
      const { epochs } = yield* rowsSeen("keep", 36 * 16)
      assert.deepStrictEqual(epochs.map(ascending), [all, all])
      const whole = yield* rowsSeen("keep")
      assert.notDeepEqual(epochs, whole.epochs)
      assert.notDeepEqual(epochs[0], epochs[1])
    }).pipe(Effect.provide(cpu))
  )

  it.effect("`clipNorm` limits a step, and changes none that is shorter", () =>
    Effect.gen(function* () {
      const { weights, network, ...rest } = yield* linearTraining
      const once = (clipNorm: number | null) =>
        train({
          ...rest,
          network,
          weights,
          data: corners(16, 1),
          options: { ...rest.options, epochs: 1, clipNorm }
        })
      const clipped = yield* once(0.01)
      let squares = 0
      for (const [name, { data }] of clipped.weights)
        for (const [i, value] of data.entries()) squares += (value - (weights.get(name)?.data[i] ?? 0)) ** 2
      assert.closeTo(Math.sqrt(squares), 0.1 * 0.01, 1e-6)
      assert.deepStrictEqual(bytes((yield* once(1e6)).weights), bytes((yield* once(null)).weights))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("early stopping stops after its patience and gives the best epoch's weights back", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const data = corners(48, 1)
      // The validation labels are wrong, so that what is learnt makes the validation loss worse.
      const rows = yield* corners(40, 2).rawRows(0, 40)
      const validation = Dataset.fromArrays({
        info: data.info,
        images: rows.images,
        labels: rows.labels.map((label) => (label + 1) % 3)
      })
      const earlyStopping = { monitor: "loss", patience: 2, minimumDelta: 0, restoreBest: true } as const
      const asked = {
        ...training,
        data,
        validation,
        options: { ...options, epochs: 20, earlyStopping }
      }
      const result = yield* train(asked)
      assert.isTrue(result.stopped)
      const losses = result.history.map(({ validationLoss }) => validationLoss ?? 0)
      const best = losses.indexOf(Math.min(...losses)) + 1
      assert.strictEqual(result.epoch, best)
      assert.strictEqual(result.history.length, best + 2)
      const short = yield* train({ ...asked, options: { ...options, epochs: best, earlyStopping: null } })
      assert.deepStrictEqual(bytes(result.weights), bytes(short.weights))
    }).pipe(Effect.provide(cpu))
  )
})

describe("checkpoints", () => {
  const collect = <A>(checkpoints: Array<A>) => ({
    due: Effect.succeed(true),
    write: (checkpoint: A) => Effect.sync(() => void checkpoints.push(checkpoint))
  })

  it.effect("from every one of them the training ends with the same bytes", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const earlyStopping = { monitor: "accuracy", patience: 9, minimumDelta: 0, restoreBest: true } as const
      const schedule = { type: "triangular", learningRate: 0.02, warmupEpochs: 0, peak: 0.4 } as const
      const asked = { ...training, options: { ...options, schedule, earlyStopping, clipNorm: 1 } }
      const checkpoints: Array<Checkpoint> = []
      const whole = wholeResult(yield* train({ ...asked, checkpoint: collect(checkpoints) }))
      assert.deepStrictEqual(
        checkpoints.map(({ progress: { epoch, step } }) => [epoch, step]),
        [0, 1, 2].flatMap((epoch) => [...[1, 2, 3].map((step) => [epoch, step]), [epoch + 1, 0]])
      )
      assert.deepStrictEqual(whole, wholeResult(yield* train(asked)), "checkpoints change nothing")
      for (const checkpoint of checkpoints) {
        const resumed = yield* train({ ...asked, weights: new Map(), resume: stored(checkpoint) })
        assert.deepStrictEqual(wholeResult(resumed), whole)
      }
    }).pipe(Effect.provide(cpu))
  )

  it.effect("in blocks, too", () =>
    Effect.gen(function* () {
      const training = { ...(yield* tinyTraining), memoryBudget: 36 * 20 }
      const checkpoints: Array<Checkpoint> = []
      const whole = wholeResult(yield* train({ ...training, checkpoint: collect(checkpoints) }))
      const resume = checkpoints[5]
      assert.isDefined(resume)
      assert.deepStrictEqual(wholeResult(yield* train({ ...training, resume })), whole)
    }).pipe(Effect.provide(cpu))
  )

  it.effect("at a constant rate a longer training goes on from the end of a shorter one", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const short = yield* train({ ...training, options: { ...options, epochs: 2 } })
      const longer = yield* train({ ...training, resume: stored(short.checkpoint) })
      assert.deepStrictEqual(wholeResult(longer), wholeResult(yield* train(training)))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("of another training are refused, with what differs", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const cosine = { type: "cosine", learningRate: 0.01, finalRate: 0, warmupEpochs: 0 } as const
      const { checkpoint } = yield* train({ ...training, options: { ...options, epochs: 1 } })
      const ofCosine = (yield* train({ ...training, options: { ...options, epochs: 1, schedule: cosine } }))
        .checkpoint
      const refused = (resume: Checkpoint, change: object) =>
        Effect.map(Effect.flip(train({ ...training, resume, ...change })), ({ _tag, message }) => {
          assert.strictEqual(_tag, "BadCheckpoint")
          return message
        })
      assert.include(
        yield* refused(checkpoint, { options: { ...options, seed: 9 } }),
        "`seed` was 3 and is now 9"
      )
      assert.include(yield* refused(checkpoint, { data: corners(57, 1) }), "56 examples, not 57")
      assert.include(
        yield* refused(ofCosine, { options: { ...options, schedule: cosine } }),
        "a training of 1 epochs, whose learning rates are not those of 3"
      )
      const twoDone = (yield* train({ ...training, options: { ...options, epochs: 2 } })).checkpoint
      assert.include(yield* refused(twoDone, { options: { ...options, epochs: 1 } }), "2 epochs behind it")
      const within = { ...checkpoint, progress: { ...checkpoint.progress, step: 2 } }
      assert.include(
        yield* refused(within, { options: { ...options, epochs: 1 } }),
        "1 epochs and 2 steps behind it"
      )
      const without = new Map(checkpoint.tensors)
      without.delete("optimiser.mean.fc1.weight")
      assert.include(
        yield* refused({ ...checkpoint, tensors: without }, {}),
        "no tensor `optimiser.mean.fc1.weight`"
      )
    }).pipe(Effect.provide(cpu))
  )
})

describe("hooks", () => {
  const noise = (step: number, count: number) => {
    const out = new Float32Array(count)
    new RandomStream({ seed: 1, purpose: 16, index: step }).fillUniform(out, -0.1, 0.1)
    return out
  }

  it.effect("an objective's own inputs do inside the step what `transform` does outside", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const outside = yield* train({
        ...training,
        transform: ({ images, position }) =>
          Effect.sync(() => {
            const added = noise(position.step, images.length)
            return images.map((pixel, i) => pixel + (added[i] ?? 0))
          })
      })
      const objective: Objective = {
        inputs: (batch) => ({ noise: { dtype: "F32", shape: [batch, 6, 6, 1] } }),
        draw: ({ step, rows }) => ({
          noise: { dtype: "F32", shape: [rows.length, 6, 6, 1], data: noise(step, 36 * rows.length) }
        }),
        prepare: ({ images, extras }) => ({ noisy: tf.add(images, extras["noise"] ?? 0) }),
        loss: ({ network, weights, labels, masks, extras, images }) => {
          const { logits, statistics } = applyTraining(network, weights, extras["noisy"] ?? images, masks)
          return { losses: crossEntropy(logits, labels), logits, statistics }
        }
      }
      const inside = yield* train({ ...training, objective })
      assert.deepStrictEqual(bytes(inside.weights), bytes(outside.weights))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("an objective may attack the network inside the step, and the attack makes images worse", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const epsilon = 0.1
      const objective: Objective = {
        prepare: ({ network, weights, images, labels }) => {
          const slope = tf.grad((x) => tf.sum(crossEntropy(apply(network, weights, x), labels)))(images)
          return { adversarial: tf.clipByValue(tf.add(images, tf.mul(tf.sign(slope), epsilon)), 0, 1) }
        },
        loss: ({ network, weights, labels, masks, extras, images }) => {
          const { logits, statistics } = applyTraining(
            network,
            weights,
            extras["adversarial"] ?? images,
            masks
          )
          return { losses: crossEntropy(logits, labels), logits, statistics }
        }
      }
      const longer = { ...training, data: corners(160, 1), options: { ...options, epochs: 5 } }
      const attacked = yield* train({ ...longer, objective })
      const plain = yield* train(longer)
      const last = (trained: typeof plain) => trained.history.at(-1)?.trainingLoss ?? Number.NaN
      assert.isAbove(last(attacked), last(plain))
      assert.isBelow(last(attacked), attacked.history[0]?.trainingLoss ?? 0)
    }).pipe(Effect.provide(cpu))
  )

  it.effect("`transform` can read the weights that the step is about to change", () =>
    Effect.gen(function* () {
      const { network, ...training } = yield* linearTraining
      const read: Array<string> = []
      const { checkpoint } = yield* train({
        ...training,
        network,
        options: { ...training.options, epochs: 1 },
        transform: ({ images, weights }) =>
          Effect.map(weights, (tensors) => {
            assert.sameMembers(Object.keys(tensors), Object.keys(network.parameters))
            read.push(JSON.stringify([...(tensors["fc1.weight"]?.data ?? [])]))
            return images
          })
      })
      const first = training.weights.get("fc1.weight")?.data ?? []
      assert.strictEqual(read[0], JSON.stringify([...first]))
      assert.strictEqual(new Set(read).size, 3)
      assert.notInclude(read, JSON.stringify([...(checkpoint.tensors.get("fc1.weight")?.data ?? [])]))
    }).pipe(Effect.provide(cpu))
  )

  it.effect("`transform` that loses images is told so", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const transform = () => Effect.succeed(new Float32Array(36))
      const error = yield* Effect.flip(train({ ...training, transform }))
      assert.include(error.message, "`transform` returned 36 pixels for 16 images of 36")
    }).pipe(Effect.provide(cpu))
  )
})

describe("trainings that make no sense", () => {
  it.effect("are refused before anything is computed", () =>
    Effect.gen(function* () {
      const training = yield* tinyTraining
      const network = yield* tinyNetwork
      const refused = (change: object) =>
        Effect.map(Effect.flip(train({ ...training, network, ...change })), ({ message }) => message)
      assert.include(yield* refused({ data: corners(0, 1) }), "is empty")
      assert.include(
        yield* refused({ data: corners(7, 1), options: { ...options, lastBatch: "drop" } }),
        "do not fill"
      )
      const normalised = yield* makeNetwork({
        name: "normalised",
        layers: [
          { type: "input", shape: [6, 6, 1] },
          { type: "flatten" },
          { type: "dense", units: 3 },
          { type: "batchNorm" }
        ]
      })
      const one = {
        network: normalised,
        weights: initialise(normalised, { seed: 1 }),
        data: corners(17, 1)
      }
      assert.include(yield* refused(one), "17 examples in batches of 16 leave one")
      assert.include(yield* refused({ weights: new Map() }), "no `conv1.weight`")
      const wide = { ...corners(9, 1), info: { ...corners(9, 1).info, shape: [6, 7, 1] } }
      assert.include(
        yield* refused({ data: wide }),
        "images have the shape [6, 7, 1], the network takes [6, 6, 1]"
      )
      const { validation: _, ...blind } = training
      const earlyStopping = { monitor: "loss", patience: 1, minimumDelta: 0, restoreBest: false } as const
      const error = yield* Effect.flip(train({ ...blind, options: { ...options, earlyStopping } }))
      assert.include(error.message, "no validation data")
    }).pipe(Effect.provide(cpu))
  )
})
