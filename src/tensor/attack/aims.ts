/** The class that an attack works with, image by image. */
import type { Attack } from "./attack.ts"
import { argMax } from "./batches.ts"

/** Whether the clean images' logits are needed to find the aims. */
export const aimsNeedLogits = ({ labels, target }: Pick<Attack, "labels" | "target">): boolean =>
  target === "least-likely" || (labels === "predicted" && target !== "given")

/**
 * The classes to leave, or for a targeted attack to reach.
 *
 * @param logits of the clean images, `[n, classes]`; read only where {@link aimsNeedLogits}
 */
export const aimsOf = (
  attack: Pick<Attack, "labels" | "target">,
  given: { readonly labels: Int32Array; readonly targets?: Int32Array },
  logits: Float32Array,
  classes: number
): Int32Array => {
  const labels =
    attack.labels === "predicted" && aimsNeedLogits(attack) ? argMax(logits, classes) : given.labels
  switch (attack.target) {
    case "none":
      return labels
    case "given":
      return given.targets ?? labels
    case "next-class":
      return labels.map((label) => (label + 1) % classes)
    case "least-likely":
      return labels.map((label, row) =>
        leastLikely(logits.subarray(row * classes, (row + 1) * classes), label)
      )
  }
}

/** The first class of the smallest logit that is not the label. */
const leastLikely = (logits: Float32Array, label: number): number => {
  let least = label === 0 ? 1 : 0
  for (const [candidate, logit] of logits.entries()) {
    if (candidate !== label && logit < (logits[least] ?? 0)) least = candidate
  }
  return least
}
