/**
 * What study 0 published: Srivathsav et al., a convolutional network of 225,034 parameters on MNIST under FGSM and PGD.
 *
 * All values are printed in its text. Two of its sections give two sets of results; section 4 gives round numbers.
 */
import type { PublishedCurve } from "../../stages/compare.ts"

/** The share of the largest class, the ones, of MNIST's test set. */
export const largestClassShare = 0.1135

const curve = (
  what: string,
  source: string,
  points: PublishedCurve["points"],
  faithful: string,
  corrected: string | null
): PublishedCurve => ({ what, source, points, faithful, corrected })

export const published: ReadonlyArray<PublishedCurve> = [
  curve("baseline, clean", "section 6", [[0, 0.9923]], "baseline-fgsm", "baseline-fgsm"),
  curve("baseline under FGSM", "section 6", [[0.1, 0.465]], "baseline-fgsm", "baseline-fgsm"),
  curve(
    "baseline under FGSM, gradient as printed",
    "section 6; the code differentiates the sum of the outputs",
    [[0.1, 0.465]],
    "baseline-printed",
    "baseline-fgsm"
  ),
  curve("baseline under FGSM", "section 4, about", [[0.1, 0.1]], "baseline-fgsm", "baseline-fgsm"),
  curve("baseline under PGD", "section 6; epsilon not given", [[0.1, 0.078]], "baseline-pgd", "baseline-pgd"),
  curve("trained further, clean", "section 6", [[0, 0.9902]], "continued-fgsm", "retrained-fgsm"),
  curve("trained further, under FGSM", "section 6", [[0.1, 0.601]], "continued-fgsm", "retrained-fgsm"),
  curve(
    "trained further, on the images it was trained on",
    "section 6; whether they were attacked anew is not said",
    [[0.1, 0.601]],
    "continued-seen",
    null
  ),
  curve(
    "trained further, under FGSM",
    "section 4, roughly",
    [[0.1, 0.5]],
    "continued-fgsm",
    "retrained-fgsm"
  ),
  curve(
    "trained further, under PGD",
    "section 6; epsilon not given",
    [[0.1, 0.385]],
    "continued-pgd",
    "retrained-pgd"
  )
]

/** Accuracies whose attacks' sizes are looked for in the sweeps of both columns. */
export const wanted = [
  { what: "FGSM, section 6", accuracy: 0.465, published: 0.1, sweep: "faithful-baseline-fgsm" },
  { what: "FGSM, section 4, about", accuracy: 0.1, published: 0.1, sweep: "faithful-baseline-fgsm" },
  { what: "PGD, section 6", accuracy: 0.078, published: null, sweep: "corrected-baseline-pgd" },
  { what: "FGSM after further training", accuracy: 0.601, published: 0.1, sweep: "faithful-continued-fgsm" }
]
