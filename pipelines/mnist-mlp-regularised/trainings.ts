/** How the study's network is trained, for one seed. */
import type { Output } from "../../src/stage/index.ts"
import { mlp625With } from "../../src/tensor/network/known/mlp-625.ts"
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import { adversarialTrain } from "../../stages/adversarial-train.ts"
import { oneStepTrain } from "../../stages/one-step-train.ts"
import { train } from "../../stages/train.ts"
import { trainingOptions } from "../shared/training-options.ts"
import type { Params } from "./params.ts"

export interface Penalty {
  readonly l1: number
  readonly l2: number
}

export const trainings = (params: Params, data: Output<"Dataset">, seed: number) => {
  const { dropout, batchSize, epochs, rmsprop, adversarial } = params
  const inputs = { data, validation: [], from: [] }
  const options = (penalty: Penalty): TrainingOptions =>
    trainingOptions({ batchSize, learningRate: rmsprop.learningRate, schedule: "constant", seed }, epochs, {
      ...penalty,
      optimiser: {
        type: "rmsprop",
        rho: rmsprop.rho,
        epsilon: rmsprop.epsilon,
        epsilonPlace: "inside",
        weightDecay: 0
      }
    })
  const network = networkWith(dropout)
  const none = { l1: 0, l2: 0 }
  return {
    /** As the study trains, at a cell of its grid. */
    cell: (penalty: Penalty) => train(inputs, { network, initialSeed: seed, options: options(penalty) }),
    withoutDropout: () =>
      train(inputs, {
        network: networkWith({ input: 0, hidden: 0 }),
        initialSeed: seed,
        options: options(none)
      }),
    byFgsm: (penalty: Penalty) =>
      oneStepTrain(inputs, {
        network,
        initialSeed: seed,
        attack: {
          loss: "cross-entropy",
          clamp: { lowest: 0, highest: 1 },
          epsilons: adversarial.epsilons
        },
        options: options(penalty)
      }),
    byPgd: () =>
      adversarialTrain(inputs, {
        network,
        initialSeed: seed,
        attack: {
          norm: "linf",
          epsilon: adversarial.pgd.epsilon,
          stepSize: adversarial.pgd.relativeStep * adversarial.pgd.epsilon,
          steps: adversarial.pgd.steps,
          loss: "cross-entropy",
          randomStart: "uniform",
          warmupEpochs: 0
        },
        options: options(none)
      })
  }
}

/** 784-625-10 without biases. */
const networkWith = ({ input, hidden }: Params["dropout"]) => {
  const { name, layers } = mlp625With("mlp-625", { inputDropout: input, hiddenDropout: hidden })
  return { name, layers: layers.map((layer) => ({ ...layer })) }
}
