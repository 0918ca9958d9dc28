/** Confusion matrices: for each model one of clean images above one of attacked images. Rows are true classes. */
import type { Predictions } from "../artifact/kinds/predictions.ts"
import type { Chart } from "./chart.ts"
import { onWhite } from "./palette.ts"
import { inOrder, placed } from "./panels.ts"

/** Names of classes find room where they are short. */
const longestName = 2
const side = 130

export const confusionChart = ({ classes, judged }: Predictions): Chart => {
  const values = judged.flatMap(({ model, set, cells }) =>
    classes.flatMap((label, row) => {
      const own = cells.filter((cell) => cell.label === row)
      const total = own.reduce((sum, { images }) => sum + images, 0)
      const ofPrediction = Map.groupBy(own, ({ prediction }) => prediction)
      return Array.from(ofPrediction, ([prediction, some]) => ({
        model,
        set,
        label,
        prediction: classes[prediction] ?? String(prediction),
        share: some.reduce((sum, { images }) => sum + images, 0) / total
      }))
    })
  )
  const step = Math.max(3, Math.min(13, Math.floor(side / Math.max(1, classes.length))))
  const axis = {
    domain: false,
    ticks: false,
    grid: false,
    labelFontSize: 9,
    labelAngle: 0,
    labels: classes.every((name) => name.length <= longestName)
  }
  const scale = { domain: [...classes] }
  return {
    data: { values: placed(values, ["set", "model"]) },
    facet: {
      row: inOrder("set"),
      column: inOrder("model")
    },
    spacing: 14,
    spec: {
      width: { step },
      height: { step },
      mark: { type: "rect", color: onWhite.series[0] },
      encoding: {
        x: { field: "prediction", type: "nominal", title: "predicted", scale, axis },
        y: { field: "label", type: "nominal", title: "true", scale, axis },
        // Not a range of colours: what is faint must be faint on a dark page, too.
        opacity: {
          field: "share",
          type: "quantitative",
          title: "share of the class",
          scale: { domain: [0, 1], range: [0.08, 1] },
          legend: {
            orient: "top",
            format: "%",
            values: [0.1, 0.5, 1],
            symbolType: "square",
            symbolFillColor: onWhite.series[0]
          }
        }
      }
    },
    config: { view: { stroke: onWhite.line } }
  }
}
