/** The guesses at what the study did before and after its attack, which it does not say. */
import { Schema } from "effect"
import type { Clamp } from "../../src/tensor/attack/one-step.ts"
import { noPoolCnn } from "../../src/tensor/network/known/no-pool-cnn.ts"

/**
 * What is done to pixels in [0, 1] before the network sees them. `none`: nothing. `half`: mean and deviation 0.5, so that
 * inputs are in [-1, 1]. `mnist`: mean and deviation of MNIST's training pixels, as in PyTorch's example.
 */
export const Preprocessing = Schema.Literals(["none", "half", "mnist"])
export type Preprocessing = typeof Preprocessing.Type

const constants: { readonly [name in Preprocessing]: { readonly mean: number; readonly std: number } } = {
  none: { mean: 0, std: 1 },
  half: { mean: 0.5, std: 0.5 },
  mnist: { mean: 0.1307, std: 0.3081 }
}

/** How far a pixel in [0, 1] moves when the network's input moves by one. */
export const unitOf = (preprocessing: Preprocessing): number => constants[preprocessing].std

/** An epsilon of the network's input in units of the pixel range [0, 1]; rounded, so that it is the same number everywhere. */
export const pixelEpsilon = (preprocessing: Preprocessing, epsilon: number): number =>
  Number((epsilon * unitOf(preprocessing)).toPrecision(9))

/**
 * What attacked pixels are cut to. `right`: what pixels may be. `zero-one`: inputs of the network are cut to [0, 1], as a
 * program does that normalises and still clamps as the tutorial without normalisation. In pixels that is [mean, mean + deviation]:
 * black becomes grey.
 */
export const clampOf = (preprocessing: Preprocessing, clamp: "right" | "zero-one"): NonNullable<Clamp> => {
  if (clamp === "right") return { lowest: 0, highest: 1 }
  const { mean, std } = constants[preprocessing]
  return { lowest: mean, highest: mean + std }
}

/** The study's network, with the preprocessing as its first layer, so that attacks see pixels. */
export const networkWith = (preprocessing: Preprocessing) => {
  if (preprocessing === "none") return "no-pool-cnn"
  const { mean, std } = constants[preprocessing]
  const [input, ...layers] = noPoolCnn.layers
  const normalise = { type: "normalise", mean: [mean], std: [std] } as const
  return {
    name: `no-pool-cnn, ${preprocessing}`,
    layers: [
      ...(input === undefined ? [] : [{ ...input }]),
      normalise,
      ...layers.map((layer) => ({ ...layer }))
    ]
  }
}
