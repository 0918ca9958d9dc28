/** Draws counted predictions: as confusion matrices, or as histograms of confidence. */
import { Schema } from "effect"
import { Figure } from "../src/artifact/index.ts"
import { Predictions } from "../src/artifact/kinds/predictions.ts"
import { confidenceChart } from "../src/figure/confidence-chart.ts"
import { confusionChart } from "../src/figure/confusion-chart.ts"
import { drawnFigure } from "../src/figure/drawn-figure.ts"
import { Stage } from "../src/stage/index.ts"

const ways = {
  confusion: {
    chart: confusionChart,
    description:
      "Which class is taken for which, clean and attacked: rows are true classes, columns predicted ones, and a cell is as dark as its share of the true class"
  },
  confidence: {
    chart: confidenceChart,
    description:
      "How sure each model is, clean and attacked: images by the probability of the predicted class, right and wrong answers apart"
  }
}

export const drawPredictions = Stage.make("draw-predictions", {
  inputs: { predictions: Predictions },
  params: Schema.Struct({ title: Schema.String, as: Schema.Literals(["confusion", "confidence"]) }),
  output: Figure,

  *run({ predictions }, { title, as }) {
    const { chart, description } = ways[as]
    return yield* drawnFigure({ title, description, chart: chart(predictions) })
  }
})
