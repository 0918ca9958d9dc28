/** Counts the images of each class and measures how bright they are on average. */
import { Dataset, Metrics, Schema, Stage, Table } from "advpipe"

export const summarise = Stage.make("summarise", {
  inputs: { data: Dataset },
  params: Schema.Struct({}),
  output: Table,

  *run({ data }) {
    const { images, labels } = yield* data.rows(0, data.count)
    yield* Metrics.log("images", data.count)
    const perImage = images.length / labels.length
    const rows = data.info.classes.map((name, label) => {
      const pixels = images.filter((_, index) => labels[Math.floor(index / perImage)] === label)
      return [name, pixels.length / perImage, pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length]
    })
    const columns = [
      { name: "class", type: "text" },
      { name: "images", type: "number" },
      { name: "mean pixel", type: "number" }
    ] as const
    return { title: `What is in ${data.info.name}`, columns, rows }
  }
})
