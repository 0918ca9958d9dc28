/** Our training step: compiled alone, and as part of the whole loop. */
import { Effect } from "effect"
import { elementsOf, type TensorData } from "../../src/artifact/tensor-data.ts"
import { Engine, type Tensors } from "../../src/tensor/engine.ts"
import { crossEntropy } from "../../src/tensor/loss/index.ts"
import { drawMasks, initialise, type Network } from "../../src/tensor/network/index.ts"
import { makeOptimiser } from "../../src/tensor/optimiser/index.ts"
import { plainObjective, type TrainingOptions, train } from "../../src/tensor/train/index.ts"
import {
  coefficientName,
  type StepOptions,
  trainingInputs,
  trainingState,
  trainingStep
} from "../../src/tensor/train/step.ts"
import { batchSize } from "./cases.ts"
import { imagesTensor, labelsTensor, makeBatches, makeDataset } from "./examples.ts"
import type { Measured } from "./protocol.ts"

const seed = 1
const learningRate = 0.001
const adam = { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const

const stepOptions = (network: Network): StepOptions => ({
  network,
  optimiser: makeOptimiser(adam),
  objective: plainObjective(crossEntropy),
  l1: 0,
  l2: 0,
  clipNorm: null
})

/** Records the step and makes its session, as the training loop does. */
export const compileTraining = Effect.fnUntraced(function* (network: Network) {
  const engine = yield* Engine
  const options = stepOptions(network)
  const program = yield* engine.compile({
    name: `train ${network.name}`,
    inputs: trainingInputs(options, batchSize),
    state: trainingState(options),
    step: trainingStep(options)
  })
  return { program, first: firstState(options) }
})

/** Initial weights, and slots of zeros. */
const firstState = (options: StepOptions): Tensors => {
  const weights = initialise(options.network, { seed })
  return Object.fromEntries(
    Object.entries(trainingState(options)).map(([name, { dtype, shape }]): [string, TensorData] => [
      name,
      weights.get(name) ?? { dtype, shape, data: new Float32Array(elementsOf(shape)) }
    ])
  )
}

/** The inputs of step after step: a fresh batch, its dropout masks, the optimiser's numbers. */
export const trainingBatches = (network: Network): (() => Tensors) => {
  const nextBatch = makeBatches(network)
  const { optimiser } = stepOptions(network)
  let step = 0
  return () => {
    const { images, labels } = nextBatch()
    const inputs: Record<string, TensorData> = {
      images: imagesTensor(network, images),
      labels: labelsTensor(labels),
      ...drawMasks(network, batchSize, { seed, step })
    }
    step++
    for (const [name, value] of Object.entries(optimiser.coefficients(learningRate, step)))
      inputs[coefficientName(name)] = { dtype: "F32", shape: [], data: Float32Array.of(value) }
    return inputs
  }
}

/** One step after another; the function takes one. */
export const trainingTask = Effect.fnUntraced(function* (network: Network) {
  const { program, first } = yield* compileTraining(network)
  yield* program.load(first)
  const nextInputs = trainingBatches(network)
  return Effect.suspend(() => program.run(nextInputs())).pipe(
    Effect.tap((outputs: Tensors) => {
      const loss = outputs["loss"]?.data[0] ?? Number.NaN
      // A time of numbers that are none would say nothing.
      return Number.isFinite(loss) ? Effect.void : Effect.die(new Error(`the training loss is ${loss}`))
    })
  )
})

const trainingOptions: TrainingOptions = {
  epochs: 1_000_000,
  batchSize,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: adam,
  schedule: { type: "constant", learningRate, warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed,
  evaluationBatchSize: batchSize
}

/** Steps before the clock starts: the first one compiles. */
const warmSteps = 3

/** Trains by the training loop for so many seconds: shuffles, batches, steps, and the ends of epochs. */
export const measureTrainer = (network: Network, seconds: number) =>
  Effect.suspend(() => {
    let steps = 0
    let start = 0
    const onProgress = () => {
      steps++
      const now = performance.now()
      if (steps <= warmSteps) {
        start = now
        return Effect.void
      }
      const passed = (now - start) / 1000
      const measured: Measured = { images: (steps - warmSteps) * batchSize, seconds: passed }
      // The failure is how a training that would go on is stopped.
      return passed < seconds ? Effect.void : Effect.fail({ _tag: "TimeIsUp", measured } as const)
    }
    return train({
      network,
      weights: initialise(network, { seed }),
      data: makeDataset(network),
      options: trainingOptions,
      onProgress
    }).pipe(
      Effect.andThen(Effect.die(new Error("the training ended by itself"))),
      Effect.catchTag("TimeIsUp", ({ measured }) => Effect.succeed(measured))
    )
  })
