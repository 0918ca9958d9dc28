/**
 * A model whose robustness is known by hand: of images of two pixels it says `a` where the first is the brighter one, and `b`
 * otherwise.
 *
 * An L-infinity attack moves the pixels towards each other: it succeeds where they differ by less than two epsilon.
 */
import type { Dataset, Model } from "../../src/artifact/index.ts"
import { dataset } from "./recorded.ts"

/** @param steepness how fast the logits differ; a negative one makes every answer the other one */
export const linear = (steepness: number): Model => ({
  network: {
    name: "linear",
    layers: [
      { type: "input", shape: [1, 2, 1] },
      { type: "flatten" },
      { type: "dense", units: 2, name: "fc" }
    ]
  },
  weights: new Map([
    [
      "fc.weight",
      {
        dtype: "F32",
        shape: [2, 2],
        data: Float32Array.of(steepness, -steepness, -steepness, steepness)
      }
    ],
    ["fc.bias", { dtype: "F32", shape: [2], data: new Float32Array(2) }]
  ])
})

/** Images of class `a` and of class `b`, whose pixels differ by so many 255ths, around a middle grey. */
export const apart = (
  differences: ReadonlyArray<readonly [label: 0 | 1, difference: number]>,
  name?: string
): Dataset =>
  dataset(
    differences.map(([label, difference]) => {
      const [bright, dark] = [128 + difference / 2, 128 - difference / 2]
      return [label, label === 0 ? [bright, dark] : [dark, bright]] as const
    }),
    { classes: ["a", "b"], ...(name === undefined ? {} : { name }) }
  )

/** Three of class `a` and one of class `b`: an attack of epsilon e defeats those that differ by less than 510 e. */
export const four = apart([
  [0, 20],
  [0, 60],
  [0, 100],
  [1, 40]
])
