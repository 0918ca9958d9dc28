/** How large perturbations are: a row for each attacked set, means over its images. */
import { Schema } from "effect"
import { Dataset, Table } from "../src/artifact/index.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { perturbationsOf } from "../src/tensor/attack/index.ts"

/** An attacked set does not consist of the clean images, row for row. */
export class RowsDiffer extends Schema.TaggedError<RowsDiffer>()("RowsDiffer", {
  set: Schema.String,
  found: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `set \`${this.set}\` of input \`attacked\` has ${this.found}, where input \`clean\` has ${this.expected}`
  }
  get hint() {
    return "wire sets that were made from the clean images, in their order"
  }
}

export const perturbationSizes = Stage.make("perturbation-sizes", {
  inputs: { clean: Dataset, attacked: Stage.record(Dataset) },
  params: Schema.Struct({
    title: Schema.String,
    /** Images held in memory at a time. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Table,

  *run({ clean, attacked }, { title, batchSize }) {
    const rows: Array<Table["rows"][number]> = []
    for (const [set, data] of Object.entries(attacked)) {
      const [found, expected] = [data, clean].map(
        ({ count, info }) => `${count} images of shape [${info.shape.join(", ")}]`
      )
      if (found !== expected)
        return yield* new RowsDiffer({ set, found: found ?? "", expected: expected ?? "" })
      let [largest, linf, l2, pixels, still] = [0, 0, 0, 0, 0]
      for (let from = 0; from < clean.count; from += batchSize) {
        const to = Math.min(from + batchSize, clean.count)
        const [before, after] = [yield* clean.rows(from, to), yield* data.rows(from, to)]
        const sizes = perturbationsOf(before.images, after.images, clean.info.shape)
        for (const [row, size] of sizes.linf.entries()) {
          largest = Math.max(largest, size)
          linf += size
          l2 += sizes.l2[row] ?? 0
          pixels += sizes.changedPixels[row] ?? 0
          still += size === 0 ? 1 : 0
        }
      }
      const mean = (sum: number) => sum / clean.count
      rows.push([set, clean.count, largest, mean(linf), mean(l2), mean(pixels), mean(still)])
      yield* Metrics.log("largest_change", largest)
    }
    return { title, columns, rows }
  }
})

const columns: Table["columns"] = [
  { name: "images made against", type: "text" },
  { name: "images", type: "number", unit: "images" },
  { name: "largest change of a value", type: "number" },
  { name: "L-infinity, mean", type: "number" },
  { name: "L2, mean", type: "number" },
  { name: "pixels changed", type: "number", unit: "share" },
  { name: "images left as they were", type: "number", unit: "share" }
]
