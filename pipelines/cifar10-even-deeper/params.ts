/** What can be set in `cifar10-even-deeper`. */
import { Schema } from "effect"
import { NetworkParam } from "../../stages/train-model.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
const Epochs = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
const Rate = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))

/** A radius in the study's units, in which images reach from -1 to 1. */
const NormalisedRadius = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 2, exclusiveMinimum: true })
)

/** Further training on batches of which a part is attacked. */
const Attacked = { normalisedEpsilon: NormalisedRadius, epochs: Epochs }

export const Params = Schema.Struct({
  /**
   * CIFAR-10 as published; generated figures; or a copy of CIFAR-10 that is another set of images, in a directory with the files
   * of the binary version. Every result of a copy has its name.
   */
  data: Schema.Union([
    Schema.Literals(["cifar10", "synthetic-shapes"]),
    Schema.Struct({ name: Schema.NonEmptyString, directory: Schema.NonEmptyString })
  ]),
  trainCount: Count,
  testCount: Count,
  /** What synthetic figures are drawn from; real images do not use it. */
  dataSeed: Schema.Int,
  network: NetworkParam,
  /** What all trainings share. */
  training: Schema.Struct({
    batchSize: Count,
    learningRate: Rate,
    /** `constant`: more epochs go on from where fewer ended. `cosine` falls to 0 at the end: few epochs get further. */
    schedule: Schema.Literals(["constant", "cosine"]),
    seed: Schema.Int,
    /** The study says random rotation, and not by how many degrees. */
    rotation: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 90 })),
    /** How much of each batch is attacked in the second experiment and after; the study does not say. */
    attackedShare: Rate
  }),
  /** The study's four experiments. */
  first: Schema.Struct({ normalisedEpsilon: NormalisedRadius, epochs: Epochs }),
  /** "Trained and tested again": the first model further, with attacked images. */
  second: Schema.Struct(Attacked),
  /** "Once again": the second model further. */
  third: Schema.Struct(Attacked),
  /** A deeper model; which one is not said. */
  fourth: Schema.Struct({
    ...Attacked,
    /** Whether it begins with fresh weights, or with those of the first. */
    from: Schema.Literals(["fresh", "first"])
  }),
  /** The honest attacks. */
  honest: Schema.Struct({
    seed: Schema.Int,
    /** Radii of 255 grey levels, at which everybody measures. */
    greyLevels: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 }))).check(
      Schema.isMinLength(1)
    ),
    pgd: Schema.Struct({
      steps: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
      /** Length of a step over epsilon. */
      relativeStep: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2, exclusiveMinimum: true })),
      /** Test images of each class; `null` for all of them. */
      perClass: Schema.NullOr(Count)
    })
  }),
  leak: Schema.Struct({
    /** By how many standard errors an accuracy must exceed the clean one to count as above it. */
    standardErrors: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
  }),
  hygiene: Schema.Struct({
    /** By how much of an accuracy a rule may be broken. */
    tolerance: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  })
}).check(
  Schema.makeFilter(({ data, trainCount, testCount }) => {
    if (data === "synthetic-shapes") return undefined
    if (trainCount > 50_000) return { path: ["trainCount"], issue: "CIFAR-10 has 50000 training images" }
    if (testCount > 10_000) return { path: ["testCount"], issue: "CIFAR-10 has 10000 test images" }
    return undefined
  })
)
export type Params = typeof Params.Type

/**
 * A radius in units of the pixel range [0, 1]. The study normalises every channel by a deviation of 0.5, so its cube is a cube
 * of pixels, half as large.
 */
export const pixels = (normalisedEpsilon: number): number => normalisedEpsilon * 0.5
