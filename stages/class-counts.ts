/**
 * Counts the images of each class, for one or more datasets side by side.
 *
 * A row of the output is a class; each dataset has a column of counts and one of shares.
 */
import { Effect, Schema } from "effect"
import { chunks, Dataset, Table } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

export const classCounts = Stage.make("class-counts", {
  inputs: { sets: Stage.record(Dataset) },
  params: Schema.Struct({}),
  output: Table,

  *run({ sets }) {
    const counted = yield* Effect.forEach(Object.entries(sets), ([name, data]) =>
      Effect.map(count(data), (counts) => ({ name, data, counts }))
    )
    for (const { name, counts } of counted) {
      yield* Metrics.log(`${name}_smallest_class`, Math.min(...counts))
      yield* Metrics.log(`${name}_largest_class`, Math.max(...counts))
    }
    // Datasets are usually of the same classes; where not, each class has its row.
    const classes = [...new Set(counted.flatMap(({ data }) => data.info.classes))]
    const columns: Table["columns"] = [
      { name: "class", type: "text" },
      ...counted.flatMap(({ name }): Table["columns"] => [
        { name, type: "number", unit: "images" },
        { name: `${name} share`, type: "number", unit: "share" }
      ])
    ]
    return {
      title: `Images per class: ${counted.map(({ data }) => data.info.name).join("; ")}`,
      columns,
      rows: classes.map((className) => [
        className,
        ...counted.flatMap(({ data, counts }) => {
          const images = counts[data.info.classes.indexOf(className)]
          return images === undefined ? [null, null] : [images, data.count === 0 ? null : images / data.count]
        })
      ])
    }
  }
})

const count = Effect.fnUntraced(function* (data: Dataset) {
  const counts = data.info.classes.map(() => 0)
  const [height, width, channels] = data.info.shape
  for (const [from, to] of chunks(data.count, 4 * height * width * channels)) {
    const { labels } = yield* data.rows(from, to)
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1
    yield* Progress.report(to, data.count, "images")
  }
  return counts
})
