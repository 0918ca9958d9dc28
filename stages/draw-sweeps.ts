/** Draws sweeps: accuracy over epsilon, a panel for each attack, a line for each model, published values beside them. */
import { Schema } from "effect"
import { Figure } from "../src/artifact/index.ts"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { drawnFigure } from "../src/figure/drawn-figure.ts"
import { sweepChart } from "../src/figure/sweep-chart.ts"
import { Stage } from "../src/stage/index.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const drawSweeps = Stage.make("draw-sweeps", {
  inputs: { sweeps: Stage.record(Sweep) },
  params: Schema.Struct({
    title: Schema.String,
    published: Schema.Array(
      Schema.Struct({
        /** The sweep that measured the same; one that is not wired is not drawn. */
        sweep: Schema.String,
        /** Pairs of epsilon and accuracy. */
        points: Schema.Array(Schema.Tuple([Share, Share]))
      })
    )
  }),
  output: Figure,

  *run({ sweeps }, { title, published }) {
    const points = published.flatMap(({ sweep, points }) =>
      points.map(([epsilon, accuracy]) => ({ sweep, epsilon, accuracy }))
    )
    return yield* drawnFigure({
      title,
      description: [
        "Accuracy over epsilon with bars of one standard error; a panel for each attack, a line for each model; the dashed line is",
        `what guessing reaches${points.length === 0 ? "" : "; open diamonds are published values"}`
      ].join(" "),
      chart: sweepChart(sweeps, points)
    })
  }
})
