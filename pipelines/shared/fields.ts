/** Ranges of params that studies share. */
import { Schema } from "effect"
import { Epsilons } from "../../src/tensor/evaluation/epsilons.ts"

export const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
export const Epochs = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
export const Steps = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
export const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
/** In units of the pixel range [0, 1]. */
export const Radius = Share.check(Schema.isGreaterThan(0))
export const Rate = Share.check(Schema.isGreaterThan(0))
export const Seeds = Schema.NonEmptyArray(Schema.Int)

/** Epsilons of attacks whose images are kept: an epsilon of 0 would only repeat the clean ones. */
export const AttackEpsilons = Epsilons.check(
  Schema.makeFilter(([first]) =>
    first === 0 ? { path: [0], issue: "Expected a number above 0, got 0: it would move no image" } : undefined
  )
)

/** Several steps, each as long as a share of epsilon. */
export const ProportionalSteps = {
  steps: Steps,
  /** Length of a step over epsilon. */
  relativeStep: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2, exclusiveMinimum: true }))
}

/** What all trainings of a study share. */
export const TrainingParams = Schema.Struct({
  batchSize: Count,
  learningRate: Rate,
  /**
   * `constant`: more epochs go on from where fewer ended. `cosine` falls to 0 at the end: few epochs get further, and more epochs
   * are another training.
   */
  schedule: Schema.Literals(["constant", "cosine"]),
  /** Of the first weights, shuffles and dropout. */
  seed: Schema.Int
})
export type TrainingParams = typeof TrainingParams.Type
