/** Trains a network. */
import { Effect } from "effect"
import type { EpochMetrics } from "../../artifact/kinds/model-history.ts"
import type { Engine, Tensors } from "../engine.ts"
import { crossEntropyWith, losses } from "../loss/index.ts"
import { makeOptimiser } from "../optimiser/index.ts"
import { learningRateAt } from "../schedule/index.ts"
import { batchMaker } from "./batches.ts"
import { bestName } from "./checkpoint.ts"
import { lookAtEpoch } from "./early-stopping.ts"
import { TrainingDiverged } from "./errors.ts"
import { plainObjective } from "./objective.ts"
import type { TrainingOptions } from "./options.ts"
import { planOf, problemOfTraining } from "./plan.ts"
import { begin, checkpointOf, finalWeights, newEpoch } from "./position.ts"
import { trainingPrograms } from "./programs.ts"
import { rowSource } from "./row-source.ts"
import { type StepOptions, weightNames } from "./step.ts"
import type { Trained, Training, TrainingError } from "./training.ts"
import { makeValidator } from "./validator.ts"

/**
 * Trains a network for as many epochs as its options say.
 *
 * The result is a function of the training alone, to the byte, on one engine and kind of processor: shuffles and dropout
 * masks are drawn by their position, and a training that was interrupted and goes on from any of its checkpoints ends as if
 * it had not been.
 */
export const train = <E = never, R = never>(
  training: Training<E, R>
): Effect.Effect<Trained, E | TrainingError, R | Engine> => Effect.scoped(run(training))

const run = Effect.fnUntraced(function* <E, R>(training: Training<E, R>) {
  const { network, options } = training
  const problem = problemOfTraining(training)
  if (problem !== undefined) return yield* problem
  const plan = planOf(training)
  const settings = settingsOf(training)
  const { position, state } = yield* begin(training, settings)
  const examples = yield* rowSource(training.data, training.memoryBudget)
  const validate = yield* makeValidator(training)
  const programs = yield* trainingPrograms(settings, state)
  const makeBatch = batchMaker(training, settings, examples, programs.read)
  const rateAt = (step: number) => learningRateAt(options.schedule, { step, ...plan })
  const checkpoint = Effect.map(programs.read, (now) => checkpointOf(training, position, now))

  const takeStep = Effect.fnUntraced(function* (order: Int32Array) {
    const from = position.step * options.batchSize
    const rows = order.subarray(from, from + options.batchSize)
    const step = position.epoch * plan.stepsPerEpoch + position.step
    const learningRate = rateAt(step)
    const batch = yield* makeBatch({ seed: options.seed, epoch: position.epoch, step, rows }, learningRate)
    const outputs = yield* programs.run(rows.length, batch)
    const loss = outputs["loss"]?.data[0] ?? Number.NaN
    position.step++
    if (!Number.isFinite(loss)) return yield* diverged(`the training loss is ${loss}`, learningRate)
    position.lossSum += loss * rows.length
    position.correct += outputs["correct"]?.data[0] ?? 0
  })

  const endEpoch = Effect.fnUntraced(function* () {
    const learningRate = rateAt((position.epoch + 1) * plan.stepsPerEpoch - 1)
    const now = yield* programs.read
    const broken = firstBroken(now)
    if (broken !== undefined) return yield* diverged(`\`${broken}\` is not finite`, learningRate)
    const judged = yield* validate(now)
    if (judged !== undefined && !Number.isFinite(judged.loss))
      return yield* diverged(`the validation loss is ${judged.loss}`, learningRate)
    const metrics: EpochMetrics = {
      epoch: position.epoch + 1,
      learningRate,
      trainingLoss: position.lossSum / plan.examplesPerEpoch,
      trainingAccuracy: position.correct / plan.examplesPerEpoch,
      validationLoss: judged?.loss ?? null,
      validationAccuracy: judged?.accuracy ?? null
    }
    if (options.earlyStopping !== null && judged !== undefined) {
      const { restoreBest } = options.earlyStopping
      const seen = lookAtEpoch(options.earlyStopping, position.best, { epoch: metrics.epoch, ...judged })
      position.best = seen.best
      position.stopped = seen.stop
      if (seen.isBest && restoreBest) position.bestWeights = bestOf(now, weightNames(network))
    }
    position.history.push(metrics)
    position.epoch++
    Object.assign(position, newEpoch)
    if (training.onEpoch !== undefined) yield* training.onEpoch(metrics)
    if (training.checkpoint !== undefined) yield* training.checkpoint.write(yield* checkpoint)
  })

  const diverged = (what: string, learningRate: number) =>
    new TrainingDiverged({
      network: network.name,
      epoch: position.epoch + 1,
      step: position.step,
      what,
      learningRate
    })

  const afterStep = Effect.fnUntraced(function* () {
    const { onProgress, checkpoint: keep } = training
    const done = Math.min(position.step * options.batchSize, plan.examplesPerEpoch)
    if (onProgress !== undefined)
      yield* onProgress(position.epoch * plan.examplesPerEpoch + done, plan.examplesPerEpoch * options.epochs)
    if (keep?.due !== undefined && position.step < plan.stepsPerEpoch)
      if (yield* keep.due) yield* keep.write(yield* checkpoint)
    // A step may have been one long computation; this is where interruptions come in.
    yield* Effect.yieldNow
  })

  while (position.epoch < options.epochs && !position.stopped) {
    const order = examples.order(options.seed, position.epoch)
    while (position.step < plan.stepsPerEpoch) {
      yield* takeStep(order)
      yield* afterStep()
    }
    yield* endEpoch()
  }

  const last = yield* programs.read
  const result: Trained = {
    weights: finalWeights(training, position, last),
    history: [...position.history],
    epoch: position.bestWeights.size > 0 ? (position.best?.epoch ?? position.epoch) : position.epoch,
    stopped: position.stopped,
    checkpoint: checkpointOf(training, position, last)
  }
  return result
})

const settingsOf = <E, R>({ network, options, objective }: Training<E, R>): StepOptions => ({
  network,
  optimiser: makeOptimiser(options.optimiser),
  objective: objective ?? plainObjective(lossOf(options)),
  l1: options.l1,
  l2: options.l2,
  clipNorm: options.clipNorm
})

const lossOf = ({ loss, labelSmoothing }: TrainingOptions) =>
  loss === "cross-entropy" ? crossEntropyWith(labelSmoothing) : losses[loss]

/** The name of a tensor that holds a number that is none. */
const firstBroken = (state: Tensors): string | undefined =>
  Object.entries(state).find(([, { data }]) => data.some((value) => !Number.isFinite(value)))?.[0]

const bestOf = (state: Tensors, names: ReadonlyArray<string>) =>
  new Map(
    names.flatMap((name) => {
      const tensor = state[name]
      return tensor === undefined ? [] : [[bestName(name), tensor] as const]
    })
  )
