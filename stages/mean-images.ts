/**
 * Draws the mean image of each class.
 *
 * The output is one row of images, one per class in the order of the classes; a class without images stays blank.
 */
import { Schema } from "effect"
import { chunks, Dataset, Figure } from "../src/artifact/index.ts"
import { drawGrid } from "../src/data/picture.ts"
import { Progress, Stage } from "../src/stage/index.ts"

export const meanImages = Stage.make("mean-images", {
  inputs: { data: Dataset },
  params: Schema.Struct({
    /** Sides of the square that each pixel becomes. */
    scale: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 16 }))
  }),
  output: Figure,

  *run({ data }, { scale }) {
    const { name, shape, classes } = data.info
    const size = shape[0] * shape[1] * shape[2]
    const means = classes.map(() => ({ count: 0, sum: new Float64Array(size) }))
    for (const [from, to] of chunks(data.count, 4 * size)) {
      const { images, labels } = yield* data.rows(from, to)
      for (const [row, label] of labels.entries()) {
        const mean = means[label]
        if (mean === undefined) continue
        mean.count++
        addTo(mean.sum, images.subarray(row * size, (row + 1) * size))
      }
      yield* Progress.report(to, data.count, "images")
    }
    const row = means.map(({ count, sum }) => (count === 0 ? undefined : sum.map((value) => value / count)))
    const counts = means.map(({ count }, label) => `${classes[label]} (${count})`)
    return {
      title: `Mean images of ${name}`,
      description: `The mean image of each class, from left to right, with the images it is the mean of: ${counts.join(", ")}`,
      png: yield* drawGrid({ shape, rows: [row], scale })
    }
  }
})

const addTo = (sum: Float64Array, image: Float32Array): void => {
  for (let pixel = 0; pixel < sum.length; pixel++) sum[pixel] = (sum[pixel] ?? 0) + (image[pixel] ?? 0)
}
