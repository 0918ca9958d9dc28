/**
 * Describes the brightness of a dataset's pixels, which lie in [0, 1].
 *
 * The first row of the output is about all images, each further one about the images of a class. A class without images
 * has no numbers.
 */
import { Schema } from "effect"
import { chunks, Dataset, Table } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

export const pixelStatistics = Stage.make("pixel-statistics", {
  inputs: { data: Dataset },
  params: Schema.Struct({}),
  output: Table,

  *run({ data }) {
    const perClass = data.info.classes.map(emptySums)
    const [height, width, channels] = data.info.shape
    const size = height * width * channels
    for (const [from, to] of chunks(data.count, 4 * size)) {
      const { images, labels } = yield* data.rows(from, to)
      for (const [row, label] of labels.entries()) {
        const sums = perClass[label]
        if (sums !== undefined) add(sums, images.subarray(row * size, (row + 1) * size))
      }
      yield* Progress.report(to, data.count, "images")
    }
    const all = statistics(perClass.reduce(together, emptySums()))
    yield* Metrics.log("pixel_mean", all.mean ?? Number.NaN)
    yield* Metrics.log("pixel_std", all.deviation ?? Number.NaN)
    yield* Metrics.log("zero_pixel_share", all.zeroShare ?? Number.NaN)
    const rows = perClass.map((sums, label) => cells(data.info.classes[label] ?? "", statistics(sums)))
    return { title: `Pixels of ${data.info.name}`, columns, rows: [cells("all", all), ...rows] }
  }
})

const columns: Table["columns"] = [
  { name: "class", type: "text" },
  { name: "images", type: "number", unit: "images" },
  { name: "mean", type: "number" },
  { name: "standard deviation", type: "number" },
  { name: "minimum", type: "number" },
  { name: "maximum", type: "number" },
  { name: "zero pixels", type: "number", unit: "share" }
]

interface Sums {
  images: number
  pixels: number
  zeros: number
  sum: number
  squares: number
  minimum: number
  maximum: number
}

const emptySums = (): Sums => ({
  images: 0,
  pixels: 0,
  zeros: 0,
  sum: 0,
  squares: 0,
  minimum: Number.POSITIVE_INFINITY,
  maximum: Number.NEGATIVE_INFINITY
})

const add = (sums: Sums, image: Float32Array): void => {
  sums.images++
  sums.pixels += image.length
  for (const pixel of image) {
    sums.sum += pixel
    sums.squares += pixel * pixel
    if (pixel === 0) sums.zeros++
    if (pixel < sums.minimum) sums.minimum = pixel
    if (pixel > sums.maximum) sums.maximum = pixel
  }
}

const together = (a: Sums, b: Sums): Sums => ({
  images: a.images + b.images,
  pixels: a.pixels + b.pixels,
  zeros: a.zeros + b.zeros,
  sum: a.sum + b.sum,
  squares: a.squares + b.squares,
  minimum: Math.min(a.minimum, b.minimum),
  maximum: Math.max(a.maximum, b.maximum)
})

const statistics = ({ images, pixels, zeros, sum, squares, minimum, maximum }: Sums) => {
  if (pixels === 0) {
    return { images, mean: null, deviation: null, minimum: null, maximum: null, zeroShare: null }
  }
  const mean = sum / pixels
  // Rounding may take a variance of nothing just below nothing.
  const deviation = Math.sqrt(Math.max(0, squares / pixels - mean * mean))
  return { images, mean, deviation, minimum, maximum, zeroShare: zeros / pixels }
}

const cells = (name: string, values: ReturnType<typeof statistics>) => [
  name,
  values.images,
  values.mean,
  values.deviation,
  values.minimum,
  values.maximum,
  values.zeroShare
]
