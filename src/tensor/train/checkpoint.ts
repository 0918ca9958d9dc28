/**
 * Where a training stands, complete: resumed from here it ends with the same bytes as if it had never stopped.
 *
 * Random numbers are functions of their position, so a position is all that is kept of them.
 */
import { Effect, Schema } from "effect"
import { EpochMetrics } from "../../artifact/kinds/model-history.ts"
import { problemOf, type TensorData } from "../../artifact/tensor-data.ts"
import type { Signature } from "../engine.ts"
import { isExtendable } from "../schedule/index.ts"
import { BestEpoch } from "./early-stopping.ts"
import { BadCheckpoint } from "./errors.ts"
import { TrainingOptions } from "./options.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** All of a checkpoint but its tensors. */
export const TrainingProgress = Schema.Struct({
  format: Schema.Literal(1),
  network: Schema.String,
  /** How many training examples there are. */
  examples: Count,
  options: TrainingOptions,
  /** Epochs that are over. */
  epoch: Count,
  /** Steps of the present epoch that are over. */
  step: Count,
  /** Of the present epoch so far: the sum of the examples' losses, and how many were right. */
  lossSum: Schema.Finite,
  correct: Count,
  history: Schema.Array(EpochMetrics),
  best: Schema.NullOr(BestEpoch),
  /** Whether early stopping has ended the training. */
  stopped: Schema.Boolean
})
export type TrainingProgress = typeof TrainingProgress.Type

export interface Checkpoint {
  readonly progress: TrainingProgress
  /** Parameters, statistics and optimiser slots by name; and `best.<name>`, the weights of the best epoch, if they are kept. */
  readonly tensors: ReadonlyMap<string, TensorData>
}

/** The name under which a checkpoint holds a weight of the best epoch. */
export const bestName = (weight: string): string => `best.${weight}`

/**
 * Checks that a checkpoint belongs to a training. More epochs are another training only if the schedule depends on
 * their number.
 */
export const checkCheckpoint = (
  { progress, tensors }: Checkpoint,
  expected: {
    readonly network: string
    readonly examples: number
    readonly options: TrainingOptions
    readonly state: Signature
    readonly weights: ReadonlyArray<string>
  }
): Effect.Effect<void, BadCheckpoint> => {
  const bad = (reason: string) => new BadCheckpoint({ network: expected.network, reason })
  if (progress.network !== expected.network) return bad(`the checkpoint is of \`${progress.network}\``)
  if (progress.examples !== expected.examples)
    return bad(`it was trained on ${progress.examples} examples, not ${expected.examples}`)

  const { epochs } = progress.options
  const beyond = progress.epoch === expected.options.epochs && progress.step > 0
  if (progress.epoch > expected.options.epochs || beyond)
    return bad(
      `it has ${progress.epoch} epochs${beyond ? ` and ${progress.step} steps` : ""} behind it, and ${expected.options.epochs} are asked for`
    )
  const comparable = isExtendable(expected.options.schedule)
    ? { ...progress.options, epochs: expected.options.epochs }
    : progress.options
  const then: { readonly [field: string]: Schema.Json } = Schema.encodeSync(TrainingOptions)(comparable)
  const now: { readonly [field: string]: Schema.Json } = Schema.encodeSync(TrainingOptions)(expected.options)
  for (const field of Object.keys(now)) {
    const [before, after] = [JSON.stringify(then[field]), JSON.stringify(now[field])]
    if (before === after) continue
    return field === "epochs"
      ? bad(`it is of a training of ${epochs} epochs, whose learning rates are not those of ${after}`)
      : bad(`\`${field}\` was ${before} and is now ${after}`)
  }

  const kept = progress.best !== null && expected.options.earlyStopping?.restoreBest === true
  const best = kept ? expected.weights.map((name) => [bestName(name), expected.state[name]] as const) : []
  for (const [name, spec] of [...Object.entries(expected.state), ...best]) {
    const tensor = tensors.get(name)
    if (tensor === undefined) return bad(`it has no tensor \`${name}\``)
    const problem = problemOf(tensor)
    if (problem !== undefined) return bad(`its tensor \`${name}\`: elements ${problem}`)
    if (tensor.dtype !== spec?.dtype || tensor.shape.join() !== spec.shape.join())
      return bad(
        `tensor \`${name}\` is ${tensor.dtype} [${tensor.shape.join(", ")}], not ${spec?.dtype} [${spec?.shape.join(", ")}]`
      )
  }
  return Effect.void
}
