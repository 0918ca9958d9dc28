/** What can be set in `mnist-keras-cnn`. */
import { Schema } from "effect"
import { Epsilons } from "../../src/tensor/evaluation/epsilons.ts"
import { DataParams, mnistHasEnough } from "../dataset-card.ts"
import { Count, Epochs, ProportionalSteps, Radius, Steps, TrainingParams } from "../shared/fields.ts"
import { EvaluationParams } from "../shared/judge.ts"

/** All epsilons are L-infinity radii in units of the pixel range [0, 1]. */
export const Params = Schema.Struct({
  ...DataParams.fields,
  /** Training images that the corrected column holds out to judge by after each epoch. The study takes its test set for that. */
  validationImages: Count,
  splitSeed: Schema.Int,
  training: TrainingParams,
  epochs: Schema.Struct({
    baseline: Epochs,
    /** Of the baseline, trained further on clean and attacked images. */
    continued: Epochs
  }),
  /** Of the sets that are trained on, of the study's curves and of the training on the fly. */
  epsilon: Radius,
  faithful: Schema.Struct({
    /**
     * As the study does: the attacked images that it trains on, with their labels, are those of the test set, and its accuracies
     * are measured on that very set. Otherwise they are training images.
     */
    trainOnTest: Schema.Boolean,
    /** How many attacked images are trained on. */
    attackedImages: Count,
    fgsm: Schema.Struct({ epsilons: Epsilons }),
    /** The study has a PGD and does not say which. */
    pgd: Schema.Struct({ epsilons: Epsilons, stepSize: Radius, steps: Steps })
  }),
  corrected: Schema.Struct({
    /** How many training images are attacked for the static set. */
    attackedImages: Count,
    /** Adversarial training that attacks each batch anew, by PGD. */
    onTheFly: Schema.Struct({ images: Count, epochs: Epochs, ...ProportionalSteps })
  }),
  evaluation: EvaluationParams
}).check(
  mnistHasEnough,
  Schema.makeFilter(({ trainCount, testCount, validationImages, faithful, corrected }) => {
    const left = trainCount - validationImages
    const available = Math.min(trainCount, faithful.trainOnTest ? testCount : trainCount)
    if (left < 1) return { path: ["validationImages"], issue: `Expected less than ${trainCount}` }
    if (faithful.attackedImages > available)
      return { path: ["faithful", "attackedImages"], issue: `Expected at most ${available}` }
    if (corrected.attackedImages > left)
      return { path: ["corrected", "attackedImages"], issue: `Expected at most ${left}` }
    if (corrected.onTheFly.images > left)
      return { path: ["corrected", "onTheFly", "images"], issue: `Expected at most ${left}` }
    return undefined
  })
)
export type Params = typeof Params.Type
