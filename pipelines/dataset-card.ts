/**
 * What is in a data set: how many images of each class, how bright, how they look, and whether any occurs twice.
 *
 *     train ─┬─► classCounts, duplicates ◄─┬─ test
 *            └─► pixels, meanImages, contactSheet
 */
import { Schema } from "effect"
import { Pipeline } from "../src/stage/index.ts"
import { classCounts } from "../stages/class-counts.ts"
import { contactSheet } from "../stages/contact-sheet.ts"
import { duplicates } from "../stages/duplicates.ts"
import { loadMnist } from "../stages/load-mnist.ts"
import { loadSyntheticDigits } from "../stages/load-synthetic-digits.ts"
import { meanImages } from "../stages/mean-images.ts"
import { pixelStatistics } from "../stages/pixel-statistics.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
const scale = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 16 }))

/** Which data, and how much of it. */
export const DataParams = Schema.Struct({
  data: Schema.Literals(["mnist", "synthetic-digits"]),
  trainCount: Count,
  testCount: Count,
  /** What synthetic digits are drawn from; MNIST does not use it. */
  dataSeed: Schema.Int
})
type DataParams = typeof DataParams.Type

/** MNIST has only so many images; of synthetic digits there are as many as anybody wants. */
export const mnistHasEnough = Schema.makeFilter(({ data, trainCount, testCount }: DataParams) => {
  if (data !== "mnist") return undefined
  if (trainCount > 60_000) return { path: ["trainCount"], issue: "MNIST has 60000 training images" }
  if (testCount > 10_000) return { path: ["testCount"], issue: "MNIST has 10000 test images" }
  return undefined
})

/** The training and the test images. */
export const load = ({ data, trainCount, testCount, dataSeed }: DataParams) =>
  data === "mnist"
    ? {
        train: loadMnist({}, { split: "train", limit: trainCount }),
        test: loadMnist({}, { split: "test", limit: testCount })
      }
    : {
        train: loadSyntheticDigits({}, { split: "train", count: trainCount, seed: dataSeed }),
        test: loadSyntheticDigits({}, { split: "test", count: testCount, seed: dataSeed })
      }

export default Pipeline.make("dataset-card", {
  description: "Describes a data set: classes, pixels, duplicates, and how its images look",
  params: Schema.Struct({
    ...DataParams.fields,
    /** Images of each class on the contact sheet. */
    perClass: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    scale
  }).check(mnistHasEnough),
  presets: {
    demo: {
      data: "synthetic-digits",
      trainCount: 2000,
      testCount: 500,
      dataSeed: 1,
      perClass: 16,
      scale: 2
    },
    quick: { data: "mnist", trainCount: 10_000, testCount: 2000, dataSeed: 1, perClass: 16, scale: 2 },
    full: { data: "mnist", trainCount: 60_000, testCount: 10_000, dataSeed: 1, perClass: 16, scale: 2 }
  },
  defaultPreset: "demo",
  build: ({ perClass, scale, ...data }) => {
    const { train, test } = load(data)
    return {
      train,
      test,
      classCounts: classCounts({ sets: { train, test } }, {}),
      pixels: pixelStatistics({ data: train }, {}),
      meanImages: meanImages({ data: train }, { scale }),
      contactSheet: contactSheet({ data: train }, { perClass, scale }),
      duplicates: duplicates({ train, test }, {})
    }
  }
})
