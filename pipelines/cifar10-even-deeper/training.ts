/** The four experiments' models. */
import type { Output } from "../../src/stage/index.ts"
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import { trainAugmented } from "../../stages/train-augmented.ts"
import { type Params, pixels } from "./params.ts"

/** Images per run of a network that is not trained. Other sizes are other programs, which may round otherwise. */
export const evaluationBatch = 100

/** Adam on cross-entropy, as the study trains. */
const options = ({ training }: Params, epochs: number): TrainingOptions => ({
  epochs,
  batchSize: training.batchSize,
  lastBatch: "drop",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule:
    training.schedule === "constant"
      ? { type: "constant", learningRate: training.learningRate, warmupEpochs: 0 }
      : { type: "cosine", learningRate: training.learningRate, warmupEpochs: 0, finalRate: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed: training.seed,
  evaluationBatchSize: evaluationBatch
})

/**
 * The first model is trained on clean images; the others with FGSM from the image itself, on true labels, which is what lets
 * labels leak.
 */
export const experiments = (params: Params, data: Output<"Dataset">) => {
  const { network, training, first, second, third, fourth } = params
  const model = (
    from: ReadonlyArray<Output<"Model">>,
    epochs: number,
    attacked: { readonly normalisedEpsilon: number } | null
  ) =>
    trainAugmented(
      { data, validation: [], from },
      {
        network,
        initialSeed: training.seed,
        augmentation: { flip: true, rotation: training.rotation },
        adversarial: attacked && {
          share: training.attackedShare,
          attack: {
            norm: "linf",
            epsilon: pixels(attacked.normalisedEpsilon),
            stepSize: pixels(attacked.normalisedEpsilon),
            steps: 1,
            loss: "cross-entropy",
            randomStart: "none",
            warmupEpochs: 0
          }
        },
        options: options(params, epochs)
      }
    )
  const clean = model([], first.epochs, null)
  const again = model([clean], second.epochs, second)
  return {
    first: clean,
    second: again,
    third: model([again], third.epochs, third),
    fourth: model(fourth.from === "fresh" ? [] : [clean], fourth.epochs, fourth)
  }
}
