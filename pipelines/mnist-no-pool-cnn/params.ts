/** What can be set in `mnist-no-pool-cnn`. */
import { Schema } from "effect"
import { DataParams, mnistHasEnough } from "../dataset-card.ts"
import { Count, Epochs, ProportionalSteps, Radius, Share, TrainingParams } from "../shared/fields.ts"
import { EvaluationParams } from "../shared/judge.ts"
import { Preprocessing } from "./cells.ts"

export const Params = Schema.Struct({
  ...DataParams.fields,
  training: TrainingParams,
  /** One for each preprocessing: the column without adversarial training. */
  baseline: Schema.Struct({ images: Count, epochs: Epochs }),
  /** Guesses at what the study did, each measured at its epsilons. Epsilons are in units of the network's input. */
  grid: Schema.Struct({
    /** Besides `none`, which is always there: the corrected column needs it. */
    preprocessings: Schema.Array(Preprocessing.pick(["half", "mnist"])),
    clamps: Schema.NonEmptyArray(Schema.Literals(["right", "zero-one"])),
    /** The epsilons of a training; of several, each image of each epoch gets one. */
    trainedOn: Schema.NonEmptyArray(Schema.NonEmptyArray(Radius)),
    /** Images and epochs of each adversarial training, which goes on from the baseline of its preprocessing. */
    images: Count,
    epochs: Epochs,
    epsilons: Schema.Array(Share).check(Schema.isMinLength(1))
  }),
  /** Adversarial training that attacks each batch anew, by PGD, from the baseline on plain pixels. */
  onTheFly: Schema.Struct({
    images: Count,
    epochs: Epochs,
    /** In units of the pixel range [0, 1], as all epsilons outside of `grid`. */
    epsilon: Radius,
    ...ProportionalSteps,
    /** Over so many epochs epsilon grows from 0. */
    warmupEpochs: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))
  }),
  evaluation: EvaluationParams
}).check(
  mnistHasEnough,
  Schema.makeFilter(({ trainCount, baseline, grid, onTheFly }) => {
    for (const [name, { images }] of Object.entries({ baseline, grid, onTheFly }))
      if (images > trainCount)
        return {
          path: [name, "images"],
          issue: `Expected at most the ${trainCount} training images, got ${images}`
        }
    return undefined
  })
)
export type Params = typeof Params.Type
