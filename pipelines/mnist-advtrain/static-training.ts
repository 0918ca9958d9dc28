/** Adversarial training on sets that are made once: attacked images, the combined set, and the two models trained on it. */
import type { Output } from "../../src/stage/index.ts"
import { combine } from "../../stages/combine.ts"
import { generateAdversarial } from "../../stages/generate-adversarial.ts"
import { train } from "../../stages/train.ts"
import type { AttackFamily } from "./attacks.ts"
import type { Params } from "./params.ts"
import { evaluationBatch, options } from "./training.ts"

/**
 * The clean images with an attacked copy of them for each epsilon, in that order; the baseline retrained on them, and a
 * fresh network.
 */
export const staticTraining = (
  params: Params,
  given: {
    readonly name: string
    readonly baseline: Output<"Model">
    readonly clean: Output<"Dataset">
    readonly validation: ReadonlyArray<Output<"Dataset">>
    readonly attack: AttackFamily
    readonly epsilons: ReadonlyArray<number>
  }
) => {
  const { name, baseline, clean, validation, attack, epsilons } = given
  const { network, attacks, training } = params
  const sets = epsilons.map((epsilon) => ({
    epsilon,
    set: generateAdversarial(
      { model: baseline, data: clean },
      { attack: attack.at(epsilon), seed: attacks.seed, batchSize: evaluationBatch }
    )
  }))
  const combined = combine({ sets: [clean, ...sets.map(({ set }) => set)] }, { name: `clean and ${name}` })
  const trained = (from: ReadonlyArray<Output<"Model">>, epochs: number) =>
    train(
      { data: combined, validation, from },
      { network, initialSeed: training.seed, options: options(params, epochs) }
    )
  return {
    sets: Object.fromEntries(sets.map(({ epsilon, set }) => [`epsilon-${epsilon}`, set])),
    combined,
    retrained: trained([baseline], params.static.retrainedEpochs),
    fresh: trained([], params.static.freshEpochs)
  }
}
