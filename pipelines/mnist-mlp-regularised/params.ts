/** What can be set in `mnist-mlp-regularised`. */
import { Schema } from "effect"
import { Epsilons } from "../../src/tensor/evaluation/epsilons.ts"
import { DataParams, mnistHasEnough } from "../dataset-card.ts"
import { Count, Epochs, ProportionalSteps, Radius, Rate, Seeds } from "../shared/fields.ts"
import { EvaluationParams } from "../shared/judge.ts"

const DropRate = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
const Factor = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** All epsilons are L-infinity radii in units of the pixel range [0, 1]. */
export const Params = Schema.Struct({
  ...DataParams.fields,
  /** Shares that are dropped while training. */
  dropout: Schema.Struct({ input: DropRate, hidden: DropRate }),
  batchSize: Count,
  epochs: Epochs,
  rmsprop: Schema.Struct({
    learningRate: Rate,
    rho: DropRate,
    epsilon: Schema.Finite.check(Schema.isGreaterThan(0))
  }),
  /** Factors of the sum of absolute weights (`l1`) and of squared weights (`l2`): the grid is all pairs. */
  lambdas: Schema.Struct({ l1: Schema.NonEmptyArray(Factor), l2: Schema.NonEmptyArray(Factor) }),
  /** Each training is repeated with each seed, of its first weights, shuffles and dropout. */
  seeds: Seeds,
  /** FGSM as the study writes it: its images are not cut to [0, 1]. */
  faithful: Schema.Struct({ epsilons: Epsilons }),
  /** The adversarial training that the study's abstract promises and that it does not describe. */
  adversarial: Schema.Struct({
    /** Factors of the regularised one; the other has none. */
    l1: Factor,
    l2: Factor,
    /** Each image of each epoch gets one of them. */
    epsilons: Schema.NonEmptyArray(Radius),
    /** Of the one that is trained with PGD instead. */
    pgd: Schema.Struct({ epsilon: Radius, ...ProportionalSteps })
  }),
  evaluation: EvaluationParams
}).check(mnistHasEnough)
export type Params = typeof Params.Type
