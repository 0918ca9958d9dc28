/**
 * What study 3 published: Eunjeong Lee, a convolutional network without pooling on MNIST under FGSM. All values are printed in its
 * table, in percent; the unit of its epsilons is not said.
 */
import type { PublishedColumn } from "../../stages/cell-fit.ts"
import type { PublishedCurve } from "../../stages/compare.ts"

/** The share of the largest class, the ones, of MNIST's test set. */
export const largestClassShare = 0.1135

const plain = [
  [0.1, 0.9168],
  [0.2, 0.822],
  [0.3, 0.679],
  [0.4, 0.501],
  [0.5, 0.3809],
  [0.6, 0.2946],
  [0.7, 0.2482],
  [0.8, 0.2262]
] as const

const trained = [
  [0.1, 0.979],
  [0.2, 0.9633],
  [0.3, 0.9375],
  [0.4, 0.9052],
  [0.5, 0.8553],
  [0.6, 0.7834],
  [0.7, 0.6927],
  [0.8, 0.6031]
] as const

/** The table's columns under attack. */
export const columns: readonly [PublishedColumn, PublishedColumn] = [
  { column: "CNN", points: [...plain] },
  { column: "CNN with adversarial training", points: [...trained] }
]

/** What the faithful and the corrected column call what they measure. */
export const names = {
  faithful: { plain: "cnn", trained: "cnn-trained" },
  corrected: { plain: "baseline-pgd", trained: "pgd-on-the-fly-pgd" }
}

export const published: ReadonlyArray<PublishedCurve> = [
  {
    what: "CNN, clean",
    source: "table, printed",
    points: [[0, 0.9888]],
    faithful: names.faithful.plain,
    corrected: "baseline-fgsm"
  },
  {
    what: "CNN under FGSM",
    source: "table, printed; faithful takes epsilon for pixels in [0, 1]; corrected is under PGD",
    points: plain,
    faithful: names.faithful.plain,
    corrected: names.corrected.plain
  },
  {
    what: "CNN with adversarial training, under FGSM",
    source:
      "table, printed; faithful takes epsilon for pixels in [0, 1]; corrected is trained and attacked with PGD",
    points: trained,
    faithful: names.faithful.trained,
    corrected: names.corrected.trained
  }
]
