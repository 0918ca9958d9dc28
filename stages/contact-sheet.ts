/**
 * Draws the first images of each class.
 *
 * A row of the output is a class, in the order of the classes; its images come in the order that they have in `data`.
 */
import { Schema } from "effect"
import { chunks, Dataset, Figure } from "../src/artifact/index.ts"
import { drawGrid } from "../src/data/picture.ts"
import { Progress, Stage } from "../src/stage/index.ts"

export const contactSheet = Stage.make("contact-sheet", {
  inputs: { data: Dataset },
  params: Schema.Struct({
    /** Images of each class, or fewer where a class has fewer. */
    perClass: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    /** Sides of the square that each pixel becomes. */
    scale: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 16 }))
  }),
  output: Figure,

  *run({ data }, { perClass, scale }) {
    const { name, shape, classes } = data.info
    const size = shape[0] * shape[1] * shape[2]
    const rows = classes.map((): Array<Float32Array> => [])
    for (const [from, to] of chunks(data.count, 4 * size)) {
      const { images, labels } = yield* data.rows(from, to)
      for (const [row, label] of labels.entries()) {
        const shown = rows[label]
        if (shown !== undefined && shown.length < perClass) {
          // A copy: a view would keep the whole chunk in memory.
          shown.push(images.slice(row * size, (row + 1) * size))
        }
      }
      yield* Progress.report(to, data.count, "images")
      if (rows.every((shown) => shown.length === perClass)) break
    }
    return {
      title: `Images of ${name}`,
      description: `The first ${perClass} images of each class; the rows are the classes ${classes.join(", ")}`,
      png: yield* drawGrid({ shape, rows, scale })
    }
  }
})
