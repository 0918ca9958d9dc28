/** What can be set in `mnist-advtrain`. */
import { Schema } from "effect"
import { Epsilons } from "../../src/tensor/evaluation/epsilons.ts"
import { DataParams, mnistHasEnough } from "../dataset-card.ts"
import {
  AttackEpsilons,
  Count,
  Epochs,
  ProportionalSteps,
  Radius,
  Rate,
  Share,
  Steps,
  TrainingParams
} from "../shared/fields.ts"

const Network = Schema.Literals(["course-cnn", "keras-cnn", "no-pool-cnn", "mlp-625", "mlp-625-dropout"])

/** All epsilons are L-infinity radii in units of the pixel range [0, 1]. */
export const Params = Schema.Struct({
  ...DataParams.fields,
  /** Share of the training images that is held out to judge by after each epoch; 0 for none. */
  validationShare: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.5 })),
  splitSeed: Schema.Int,
  network: Network,
  /** What all trainings share. */
  training: TrainingParams,
  baseline: Schema.Struct({ epochs: Epochs }),
  /** Adversarial training on sets that are made once, from the baseline. */
  static: Schema.Struct({
    /** How many training images are attacked, and trained on clean; `null` for all. */
    images: Schema.NullOr(Count),
    /** Epochs of the baseline that is trained further, and of the fresh network. */
    retrainedEpochs: Epochs,
    freshEpochs: Epochs
  }),
  attacks: Schema.Struct({
    /** Of the random starts. */
    seed: Schema.Int,
    fgsm: Schema.Struct({ epsilons: AttackEpsilons }),
    pgd: Schema.Struct({
      epsilons: AttackEpsilons,
      /** As the study has it: `alpha` is one length at every epsilon. */
      faithful: Schema.Struct({ alpha: Radius, steps: Steps }),
      corrected: Schema.Struct(ProportionalSteps)
    })
  }),
  /** Adversarial training that attacks each batch anew. */
  onTheFly: Schema.Struct({
    network: Network,
    /** How many training images; `null` for all. */
    images: Schema.NullOr(Count),
    epsilon: Radius,
    learningRate: Rate,
    /** Over so many epochs epsilon grows from 0. */
    warmupEpochs: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
    /** One step from a random start. */
    fgsm: Schema.Struct({ epochs: Epochs, relativeStep: ProportionalSteps.relativeStep }),
    pgd: Schema.Struct({ epochs: Epochs, ...ProportionalSteps })
  }),
  /** Evaluation as the study has it: a few images of each class, drawn several times. */
  faithful: Schema.Struct({
    perClass: Count,
    seeds: Schema.Array(Schema.Int).check(Schema.isMinLength(1)),
    epsilons: Epsilons,
    /** For the baseline alone. */
    wideEpsilons: Epsilons
  }),
  /** Evaluation on all test images. */
  sweep: Schema.Struct({
    fgsm: Schema.Struct({ epsilons: Epsilons }),
    pgd: Schema.Struct({ epsilons: Epsilons, ...ProportionalSteps, restarts: Steps }),
    noise: Schema.Struct({ epsilons: Epsilons }),
    /** Images made against the baseline and shown to the others. */
    transfer: Schema.Struct({ fgsm: AttackEpsilons, pgd: AttackEpsilons })
  }),
  /** A stronger attack on the model that was trained against PGD on the fly. */
  strong: Schema.Struct({ epsilons: AttackEpsilons, ...ProportionalSteps, restarts: Steps }),
  matrix: Schema.Struct({
    epsilon: Radius,
    /** Test images of each class; `null` for all images. */
    perClass: Schema.NullOr(Count)
  }),
  hygiene: Schema.Struct({
    /** By how much of an accuracy a rule may be broken. */
    tolerance: Share
  })
}).check(
  mnistHasEnough,
  Schema.makeFilter(({ static: { images }, ...params }) =>
    images !== null && images > trainingImages(params)
      ? {
          path: ["static", "images"],
          issue: `Expected at most the ${trainingImages(params)} training images, got ${images}`
        }
      : undefined
  ),
  Schema.makeFilter(({ onTheFly: { images }, ...params }) =>
    images !== null && images > trainingImages(params)
      ? {
          path: ["onTheFly", "images"],
          issue: `Expected at most the ${trainingImages(params)} training images, got ${images}`
        }
      : undefined
  )
)
export type Params = typeof Params.Type

/** How many images are left to train on once the validation images are held out, as `split` counts. */
export const trainingImages = ({
  trainCount,
  validationShare
}: Pick<Params, "trainCount" | "validationShare">): number =>
  trainCount - Math.round(trainCount * validationShare)
