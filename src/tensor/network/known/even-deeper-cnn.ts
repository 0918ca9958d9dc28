/**
 * Six convolutions in three pairs, for CIFAR-10: 1,469,994 parameters.
 *
 * After `EvenDeeperCNN` of Deepthi et al. (study 1), who publish the layers but no widths; the widths are ours. Their
 * normalisation to [-1, 1] is inside the network, so a radius of theirs is half as large here.
 */
import type { Initialiser } from "../initialiser.ts"
import type { TypedDescription } from "../network.ts"

export interface EvenDeeperOptions {
  /** Filters of each pair of convolutions. */
  readonly filters: readonly [number, number, number]
  /** Units of the two hidden layers. */
  readonly units: readonly [number, number]
  readonly init: Initialiser
}

/** The network with any widths, its weights beginning in any way. */
export const evenDeeperWith = (
  name: string,
  { filters, units, init }: EvenDeeperOptions
): TypedDescription => ({
  name,
  layers: [
    { type: "input", shape: [32, 32, 3] },
    { type: "normalise", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    ...filters.flatMap((width) => {
      const convolution = {
        type: "conv2d",
        filters: width,
        kernelSize: [3, 3],
        padding: "same",
        init
      } as const
      return [
        convolution,
        { type: "relu" },
        convolution,
        { type: "relu" },
        { type: "maxPool", size: [2, 2] }
      ] as const
    }),
    { type: "flatten" },
    ...units.flatMap((width) => [{ type: "dense", units: width, init }, { type: "relu" }] as const),
    { type: "dense", units: 10, init }
  ]
})

/** With the widths that this project chose. */
export const evenDeeperCnn = /* @__PURE__ */ evenDeeperWith("even-deeper-cnn", {
  filters: [32, 64, 128],
  units: [512, 256],
  init: "pytorch"
})
