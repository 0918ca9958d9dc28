/**
 * What study 2 published: Mehul Sen & Zhi Liu, "Adversarially training deep learning models" (RIT, CSEC-720), as a blog post, a
 * report (PDF) and a notebook.
 *
 * Values of figures are read off by eye, to about 0.01. FGSM curves are white-box; PGD curves are of images that were made
 * against the baseline, which is a transfer attack on every other model.
 */
import type { PublishedCurve } from "../../stages/compare.ts"

const fine = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
const wide = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

const pairs = (epsilons: ReadonlyArray<number>, accuracies: ReadonlyArray<number>) =>
  accuracies.map((accuracy, place) => [epsilons[place] ?? 0, accuracy] as const)

export const published: ReadonlyArray<PublishedCurve> = [
  {
    what: "baseline, clean",
    source: "blog, table: test accuracy on 10,000 images",
    points: [[0, 0.99]],
    faithful: "baseline-fgsm",
    corrected: "baseline-fgsm"
  },
  {
    what: "FGSM retrained, clean",
    source: "blog, 10,000 images; the notebook says 0.99",
    points: [[0, 0.98]],
    faithful: "fgsm-retrained-fgsm",
    corrected: "fgsm-retrained-fgsm"
  },
  {
    what: "PGD retrained, clean",
    source: "report, 10,000 images",
    points: [[0, 0.98]],
    faithful: "pgd-retrained-fgsm",
    corrected: "pgd-retrained-fgsm"
  },
  {
    what: "PGD fresh, clean",
    source: "report, 10,000 images",
    points: [[0, 0.99]],
    faithful: "pgd-fresh-pgd-transfer",
    corrected: "pgd-fresh-fgsm"
  },
  {
    what: "baseline under FGSM",
    source: "blog, figure 1, 100 images",
    points: pairs(wide, [1, 0.79, 0.24, 0.1, 0.09, 0.1, 0.1, 0.1, 0.1, 0.1]),
    faithful: "baseline-fgsm",
    corrected: "baseline-fgsm"
  },
  {
    what: "baseline under FGSM",
    source: "blog, figure 4, 100 images",
    points: pairs(fine, [0.98, 0.92, 0.74, 0.49, 0.27, 0.18, 0.14, 0.12, 0.11]),
    faithful: "baseline-fgsm",
    corrected: "baseline-fgsm"
  },
  {
    what: "FGSM retrained under FGSM",
    source: "blog, figure 4, 100 images",
    points: pairs(fine, [0.99, 0.96, 0.82, 0.63, 0.37, 0.22, 0.14, 0.07, 0.02]),
    faithful: "fgsm-retrained-fgsm",
    corrected: "fgsm-retrained-fgsm"
  },
  {
    what: "FGSM fresh under FGSM",
    source: "blog, figure 4, 100 images",
    points: pairs(fine, [0.99, 0.83, 0.52, 0.33, 0.22, 0.13, 0.08, 0.06, 0.03]),
    faithful: "fgsm-fresh-fgsm",
    corrected: "fgsm-fresh-fgsm"
  },
  {
    what: "baseline under FGSM",
    source: "blog, figure 5, 100 images",
    points: pairs(fine, [1, 0.94, 0.76, 0.45, 0.23, 0.16, 0.12, 0.11, 0.1]),
    faithful: "baseline-fgsm",
    corrected: "baseline-fgsm"
  },
  {
    what: "FGSM retrained under FGSM",
    source: "blog, figure 5, 100 images",
    points: pairs(fine, [1, 0.94, 0.84, 0.63, 0.35, 0.19, 0.1, 0.04, 0.03]),
    faithful: "fgsm-retrained-fgsm",
    corrected: "fgsm-retrained-fgsm"
  },
  {
    what: "PGD retrained under FGSM",
    source: "blog, figure 5, 100 images; which PGD-trained model is not said",
    points: pairs(fine, [0.99, 0.95, 0.8, 0.61, 0.46, 0.3, 0.17, 0.06, 0]),
    faithful: "pgd-retrained-fgsm",
    corrected: "pgd-retrained-fgsm"
  },
  {
    what: "baseline under PGD",
    source: "report, figure 3, 100 images",
    points: pairs(wide, [0.99, 0.69, 0.17, 0.1, 0.08, 0.1, 0.1, 0.07, 0.04, 0]),
    faithful: "baseline-pgd",
    corrected: "baseline-pgd"
  },
  {
    what: "baseline under PGD",
    source: "blog, figure 6, 100 images",
    points: pairs(fine, [0.98, 0.87, 0.64, 0.32, 0.13, 0.08, 0.09, 0.08, 0.09]),
    faithful: "baseline-pgd",
    corrected: "baseline-pgd"
  },
  {
    what: "FGSM retrained under PGD, transfer",
    source: "blog, figure 6, 100 images; which FGSM-trained model is not said",
    points: pairs(fine, [0.98, 0.99, 0.98, 0.98, 0.95, 0.96, 0.95, 0.82, 0.55]),
    faithful: "fgsm-retrained-pgd-transfer",
    corrected: "fgsm-retrained-pgd-transfer"
  },
  {
    what: "PGD retrained under PGD, transfer",
    source: "blog, figure 6, 100 images; which PGD-trained model is not said",
    points: pairs(fine, [0.98, 1, 1, 1, 0.99, 1, 0.98, 1, 0.93]),
    faithful: "pgd-retrained-pgd-transfer",
    corrected: "pgd-retrained-pgd-transfer"
  },
  {
    what: "PGD fresh under PGD, transfer",
    source: "report, figure 8, 100 images",
    points: pairs(fine, [0.99, 1, 1, 0.99, 1, 1, 1, 0.99, 0.98]),
    faithful: "pgd-fresh-pgd-transfer",
    corrected: "pgd-fresh-pgd-transfer"
  },
  {
    what: "PGD retrained under PGD, transfer",
    source: "report, figure 8, 100 images",
    points: pairs(fine, [0.98, 1, 1, 1, 1, 1, 1, 0.99, 0.92]),
    faithful: "pgd-retrained-pgd-transfer",
    corrected: "pgd-retrained-pgd-transfer"
  }
]
