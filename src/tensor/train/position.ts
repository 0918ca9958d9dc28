/** Where a training stands while it runs. */
import { Effect } from "effect"
import type { EpochMetrics } from "../../artifact/kinds/model-history.ts"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import type { Tensors } from "../engine.ts"
import { bestName, type Checkpoint, checkCheckpoint } from "./checkpoint.ts"
import type { BestEpoch } from "./early-stopping.ts"
import { type BadCheckpoint, BadTraining } from "./errors.ts"
import { type StepOptions, trainingState, weightNames } from "./step.ts"
import type { Training } from "./training.ts"

export interface Position {
  /** Epochs that are over. */
  epoch: number
  /** Steps of the present epoch that are over. */
  step: number
  /** Sums over the examples of the present epoch so far. */
  lossSum: number
  correct: number
  readonly history: Array<EpochMetrics>
  best: BestEpoch | null
  /** The best epoch's weights under {@link bestName}, where early stopping restores them. */
  bestWeights: ReadonlyMap<string, TensorData>
  stopped: boolean
}

/** The beginning of a training, or the place of the checkpoint that it goes on from; and the state that belongs to it. */
export const begin = Effect.fnUntraced(function* <E, R>(
  training: Training<E, R>,
  step: StepOptions
): Effect.fn.Return<{ readonly position: Position; readonly state: Tensors }, BadCheckpoint | BadTraining> {
  const { network, resume } = training
  const signature = trainingState(step)
  const weights = weightNames(network)
  const state: Record<string, TensorData> = {}
  if (resume === undefined) {
    for (const [name, { dtype, shape }] of Object.entries(signature))
      state[name] = { dtype, shape, data: new Float32Array(elementsOf(shape)) }
    for (const name of weights) {
      const tensor = training.weights.get(name)
      if (tensor?.dtype !== "F32" || tensor.shape.join() !== signature[name]?.shape.join())
        return yield* new BadTraining({
          network: network.name,
          reason: `the first weights have ${tensor === undefined ? "no" : `another shape of`} \`${name}\``,
          hint: "take them from `initialise`, or from a model of this very network"
        })
      state[name] = tensor
    }
    const position = {
      ...newEpoch,
      epoch: 0,
      history: [],
      best: null,
      bestWeights: new Map(),
      stopped: false
    }
    return { position, state }
  }
  const { progress, tensors } = resume
  yield* checkCheckpoint(resume, {
    network: network.name,
    examples: training.data.count,
    options: training.options,
    state: signature,
    weights
  })
  const bestWeights = new Map<string, TensorData>()
  for (const [name, tensor] of tensors) {
    if (Object.hasOwn(signature, name)) state[name] = tensor
    else bestWeights.set(name, tensor)
  }
  const { epoch, step: steps, lossSum, correct, history, best, stopped } = progress
  return {
    position: { epoch, step: steps, lossSum, correct, history: [...history], best, bestWeights, stopped },
    state
  }
})

/** What begins anew with every epoch. */
export const newEpoch = { step: 0, lossSum: 0, correct: 0 }

/** A position and the state that belongs to it, to be kept. */
export const checkpointOf = <E, R>(
  { network, data, options }: Training<E, R>,
  { epoch, step, lossSum, correct, history, best, bestWeights, stopped }: Position,
  state: Tensors
): Checkpoint => ({
  progress: {
    format: 1,
    network: network.name,
    examples: data.count,
    options,
    epoch,
    step,
    lossSum,
    correct,
    history: [...history],
    best,
    stopped
  },
  tensors: new Map([...Object.entries(state), ...bestWeights])
})

/** The weights that a training ends with: the best epoch's where they are kept, else the last one's. */
export const finalWeights = <E, R>(
  { network }: Training<E, R>,
  { bestWeights }: Position,
  state: Tensors
): ReadonlyMap<string, TensorData> =>
  new Map(
    weightNames(network).flatMap((name) => {
      const tensor = bestWeights.get(bestName(name)) ?? state[name]
      return tensor === undefined ? [] : [[name, tensor] as const]
    })
  )
