/** How sure models are, clean and attacked: for each a histogram of the predicted class's probability, right and wrong answers apart. */
import { type Predictions, tenths } from "../artifact/kinds/predictions.ts"
import type { Chart } from "./chart.ts"
import { onWhite } from "./palette.ts"
import { inOrder, placed } from "./panels.ts"

export const confidenceChart = ({ judged }: Predictions): Chart => {
  const shares = judged.flatMap(({ model, set, images, cells }) =>
    Array.from({ length: tenths }, (_, tenth) => cells.filter((cell) => cell.tenth === tenth)).flatMap(
      (own, tenth) =>
        (["right", "wrong"] as const).map((answer) => ({
          model,
          set,
          answer,
          from: tenth / tenths,
          to: (tenth + 1) / tenths,
          share:
            own
              .filter(({ label, prediction }) => (label === prediction) === (answer === "right"))
              .reduce((sum, cell) => sum + cell.images, 0) / images
        }))
    )
  )
  return {
    data: {
      values: placed(
        shares.filter(({ share }) => share > 0),
        ["set", "model"]
      )
    },
    facet: {
      row: inOrder("set"),
      column: inOrder("model")
    },
    spacing: 14,
    spec: {
      width: 118,
      height: 90,
      mark: { type: "bar" },
      encoding: {
        x: {
          field: "from",
          type: "quantitative",
          title: "confidence",
          bin: { binned: true, step: 1 / tenths },
          scale: { domain: [0, 1] },
          axis: { grid: false, format: ".1f", values: [0, 0.5, 1] }
        },
        x2: { field: "to" },
        y: {
          field: "share",
          type: "quantitative",
          title: "images",
          stack: "zero",
          scale: { domain: [0, 1] },
          axis: { format: "%", tickCount: 3 }
        },
        color: {
          field: "answer",
          type: "nominal",
          title: null,
          scale: { domain: ["right", "wrong"], range: [onWhite.series[0], onWhite.series[1]] },
          legend: { orient: "top" }
        }
      }
    }
  }
}
