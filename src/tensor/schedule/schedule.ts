/** Learning rates as a function of the position in the training. */
import { Schema } from "effect"
import { halfCosine } from "./half-cosine.ts"

/** Far beyond any use, and small enough that no product of rates overflows to something that is no number. */
const Rate = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e6 }))
const fields = {
  /** The learning rate that the shape is scaled by. */
  learningRate: Rate,
  /** Over so many epochs the rate rises to the schedule's, linearly; 0 for none. It may be a fraction. */
  warmupEpochs: Rate
}

/** The same rate throughout. */
export const ConstantSchedule = Schema.Struct({ type: Schema.Literal("constant"), ...fields })

/** Multiplied by `gamma` when each of the `milestones`, in whole epochs, has passed: PyTorch's `MultiStepLR`. */
export const StepSchedule = Schema.Struct({
  type: Schema.Literal("step"),
  ...fields,
  milestones: Schema.Array(Schema.Int.check(Schema.isGreaterThan(0))),
  gamma: Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))
})

/**
 * Half a cosine from `learningRate` down to `finalRate`, which the step after the last one would have.
 *
 * @see Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5, one cycle
 */
export const CosineSchedule = Schema.Struct({ type: Schema.Literal("cosine"), ...fields, finalRate: Rate })

/**
 * Straight up from zero to `learningRate` at `peak` of the training, and straight down to zero, which the last step has.
 *
 * @see Wong, Rice & Kolter 2020, "Fast is better than free"; their MNIST recipe has its peak at 0.4
 */
export const TriangularSchedule = Schema.Struct({
  type: Schema.Literal("triangular"),
  ...fields,
  /** In (0, 1). */
  peak: Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThan(1))
})

export const Schedule = Schema.Union([ConstantSchedule, StepSchedule, CosineSchedule, TriangularSchedule])
export type Schedule = typeof Schedule.Type

export interface TrainingPosition {
  /** How many steps came before this one. */
  readonly step: number
  readonly stepsPerEpoch: number
  readonly totalSteps: number
}

/** The learning rate of one step. */
export const learningRateAt = (schedule: Schedule, position: TrainingPosition): number => {
  const warmupSteps = schedule.warmupEpochs * position.stepsPerEpoch
  const warmth = position.step + 1 < warmupSteps ? (position.step + 1) / warmupSteps : 1
  return warmth * shape(schedule, position)
}

/** Whether the first epochs are the same however many follow, so that a finished training can go on. */
export const isExtendable = (schedule: Schedule): boolean =>
  schedule.type === "constant" || schedule.type === "step"

const shape = (schedule: Schedule, { step, stepsPerEpoch, totalSteps }: TrainingPosition): number => {
  const { learningRate } = schedule
  switch (schedule.type) {
    case "constant":
      return learningRate
    case "step": {
      const epoch = Math.floor(step / stepsPerEpoch)
      let rate = learningRate
      for (const milestone of schedule.milestones) if (milestone <= epoch) rate *= schedule.gamma
      return rate
    }
    case "cosine":
      return schedule.finalRate + (learningRate - schedule.finalRate) * halfCosine(step / totalSteps)
    case "triangular": {
      const done = (step + 1) / totalSteps
      const { peak } = schedule
      return learningRate * (done < peak ? done / peak : (1 - done) / (1 - peak))
    }
  }
}
