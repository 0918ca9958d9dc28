/** Models whose every batch is attacked anew while they train: the yardstick for the static sets. */
import type { Output } from "../../src/stage/index.ts"
import { adversarialTrain } from "../../stages/adversarial-train.ts"
import { take } from "../../stages/take.ts"
import type { Params } from "./params.ts"
import { annealed } from "./training.ts"

export const onTheFlyModels = (
  params: Params,
  given: {
    readonly training: Output<"Dataset">
    readonly validation: ReadonlyArray<Output<"Dataset">>
  }
) => {
  const { images, network, epsilon, warmupEpochs, fgsm, pgd } = params.onTheFly
  const data = images === null ? given.training : take({ data: given.training }, { count: images })
  const model = (settings: {
    readonly epochs: number
    readonly steps: number
    readonly relativeStep: number
  }) =>
    adversarialTrain(
      { data, validation: given.validation, from: [] },
      {
        network,
        initialSeed: params.training.seed,
        attack: {
          norm: "linf",
          epsilon,
          stepSize: settings.relativeStep * epsilon,
          steps: settings.steps,
          loss: "cross-entropy",
          randomStart: "uniform",
          warmupEpochs: Math.min(warmupEpochs, settings.epochs / 2)
        },
        options: annealed(params, settings.epochs)
      }
    )
  return { data, models: { "fgsm-on-the-fly": model({ ...fgsm, steps: 1 }), "pgd-on-the-fly": model(pgd) } }
}
