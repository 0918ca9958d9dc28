/** Draws how models were trained: loss and accuracy over epochs, a line for each model. */
import { Schema } from "effect"
import { Figure, Model } from "../src/artifact/index.ts"
import { curvesOf } from "../src/artifact/kinds/model-history.ts"
import { curveChart } from "../src/figure/curve-chart.ts"
import { drawnFigure } from "../src/figure/drawn-figure.ts"
import { Stage } from "../src/stage/index.ts"

/** There is nothing to draw. */
export class NoHistory extends Schema.TaggedError<NoHistory>()("NoHistory", {
  models: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.models.length === 0
      ? "input `models` has no models"
      : `input \`models\` has no model with a training history: ${this.models.map((name) => `\`${name}\``).join(", ")}`
  }
  get hint() {
    return "wire models of a stage that trains and returns their history, such as `train`; imported ones have none"
  }
}

/** Panels, in their order: losses above accuracies where both have two. */
const panels = ["training_loss", "validation_loss", "training_accuracy", "validation_accuracy"]

export const drawTraining = Stage.make("draw-training", {
  inputs: { models: Stage.record(Model) },
  params: Schema.Struct({ title: Schema.String }),
  output: Figure,

  *run({ models }, { title }) {
    const all = Object.entries(models).map(([name, { history }]) => ({ name, history }))
    const trained = all.flatMap(({ name, history }) =>
      history === undefined ? [] : [{ name, curves: curvesOf(history) }]
    )
    const others = all.filter(({ history }) => history === undefined).map(({ name }) => name)
    if (trained.length === 0) return yield* new NoHistory({ models: others })
    return yield* drawnFigure({
      title,
      description: [
        "Loss and accuracy over the epochs of each model's own training; those of training are means over the epoch, of the images",
        "as they were trained on, attacked ones included; those of validation are after the epoch, on the validation set",
        `as it is${others.length === 0 ? "" : `; without a history, and not drawn: ${others.join(", ")}`}`
      ].join(" "),
      chart: curveChart(
        panels.flatMap((metric) =>
          trained.map(({ name, curves }) => ({
            metric: metric.replaceAll("_", " "),
            line: name,
            points: curves[metric] ?? []
          }))
        )
      )
    })
  }
})
