/**
 * All five studies at once, and one table of what was published, what we get, and why they differ.
 *
 *     mnist-keras-cnn, cifar10-even-deeper, mnist-advtrain, mnist-no-pool-cnn, mnist-mlp-regularised ─► summary
 *
 * What several studies have alike is computed once: a node's key does not know which study it is in. The params of a study are
 * under its name, such as `mnist-advtrain.baseline.epochs`; its results are those of its own pipeline.
 */
import { Schema } from "effect"
import { type Output, Pipeline } from "../src/stage/index.ts"
import { studySummary } from "../stages/study-summary.ts"
import evenDeeper from "./cifar10-even-deeper.ts"
import advtrain from "./mnist-advtrain.ts"
import kerasCnn from "./mnist-keras-cnn.ts"
import mlp from "./mnist-mlp-regularised.ts"
import noPoolCnn from "./mnist-no-pool-cnn.ts"
import { sweepsOf } from "./shared/judge.ts"
import { demo, paper, quick } from "./studies/presets.ts"
import { type StudyName, summaryRows } from "./studies/summary-rows.ts"

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
    const sweeps = correctedSweeps({
      "mnist-keras-cnn": studies["mnist-keras-cnn"].corrected.sweeps,
      "cifar10-even-deeper": studies["cifar10-even-deeper"].corrected.sweeps,
      "mnist-advtrain": sweepsOf(studies["mnist-advtrain"].corrected.evaluations),
      "mnist-no-pool-cnn": studies["mnist-no-pool-cnn"].corrected.sweeps,
      "mnist-mlp-regularised": studies["mnist-mlp-regularised"].corrected.sweeps
    })
    const names = Object.keys(sweeps)
    return {
      ...studies,
      summary: studySummary(
        { comparisons, sweeps },
        {
          title: "Five studies: what was published, what we get, why they differ",
          rows: summaryRows.map(({ study, what, epsilon, model, transfer, why }) => ({
            study,
            what,
            epsilon,
            corrected: names.filter((name) => name.startsWith(`${study}/${model}-`)),
            transfer: transfer === undefined ? null : `${study}/${transfer}`,
            why
          }))
        }
      )
    }
  }
})

/** Those of the models that the summary names, called `<study>/<model>-<attack>`. */
const correctedSweeps = (
  sweeps: {
    readonly [study in StudyName]: { readonly [name: string]: Output<"Sweep"> }
  }
): { readonly [name: string]: Output<"Sweep"> } =>
  Object.fromEntries(
    summaryRows.flatMap(({ study, model }) =>
      Object.entries(sweeps[study]).flatMap(([name, sweep]) =>
        name.startsWith(`${model}-`) ? [[`${study}/${name}`, sweep] as const] : []
      )
    )
  )
