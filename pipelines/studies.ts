/**
 * All five studies at once, and one table of what was published, what we get, and why they differ.
 *
 *     mnist-keras-cnn, cifar10-even-deeper, mnist-advtrain, mnist-no-pool-cnn, mnist-mlp-regularised ─► summary
 *
 * What several studies have alike is computed once: a node's key does not know which study it is in. The params of a study are
 * under its name, such as `mnist-advtrain.baseline.epochs`; its results are those of its own pipeline.
 */
import { Schema } from "effect"
import { Pipeline } from "../src/stage/index.ts"
import { studySummary } from "../stages/study-summary.ts"
import evenDeeper from "./cifar10-even-deeper.ts"
import advtrain from "./mnist-advtrain.ts"
import kerasCnn from "./mnist-keras-cnn.ts"
import mlp from "./mnist-mlp-regularised.ts"
import noPoolCnn from "./mnist-no-pool-cnn.ts"
import { demo, paper, quick } from "./studies/presets.ts"
import { summaryRows } from "./studies/summary-rows.ts"

export default Pipeline.make("studies", {
  description:
    "Five published studies of adversarial training: what was published, what we get, why they differ",
  params: Schema.Struct({
    "mnist-keras-cnn": kerasCnn.params,
    "cifar10-even-deeper": evenDeeper.params,
    "mnist-advtrain": advtrain.params,
    "mnist-no-pool-cnn": noPoolCnn.params,
    "mnist-mlp-regularised": mlp.params
  }),
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  build: (params) => {
    const studies = {
      "mnist-keras-cnn": kerasCnn.build(params["mnist-keras-cnn"]),
      "cifar10-even-deeper": evenDeeper.build(params["cifar10-even-deeper"]),
      "mnist-advtrain": advtrain.build(params["mnist-advtrain"]),
      "mnist-no-pool-cnn": noPoolCnn.build(params["mnist-no-pool-cnn"]),
      "mnist-mlp-regularised": mlp.build(params["mnist-mlp-regularised"])
    }
    const comparisons = Object.fromEntries(
      Object.entries(studies).map(([name, { comparison }]) => [name, comparison])
    )
    return {
      ...studies,
      summary: studySummary(
        { comparisons },
        { title: "Five studies: what was published, what we get, why they differ", rows: [...summaryRows] }
      )
    }
  }
})
