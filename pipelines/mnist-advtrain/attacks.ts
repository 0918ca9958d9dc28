/** The attacks of both columns. */
import type { Attack } from "../../src/tensor/attack/attack.ts"
import { bim, fgsm, pgd } from "../../src/tensor/attack/makers.ts"
import type { Params } from "./params.ts"

/** An attack at any epsilon, and how a sweep changes its step. */
export interface AttackFamily {
  readonly at: (epsilon: number) => Attack
  readonly stepSize: "proportional" | "fixed"
}

/**
 * As the study attacks: the gradient of minus the true class's logit, not of cross-entropy, and steps as long as `alpha` at every
 * epsilon, from the image itself.
 */
export const faithfulAttacks = ({ attacks: { pgd } }: Params) => ({
  fgsm: {
    at: (epsilon) => fgsm({ epsilon, loss: "raw-logit" }),
    stepSize: "proportional"
  } satisfies AttackFamily,
  pgd: {
    at: (epsilon) =>
      bim({ epsilon, stepSize: pgd.faithful.alpha, steps: pgd.faithful.steps, loss: "raw-logit" }),
    stepSize: "fixed"
  } satisfies AttackFamily
})

/** Cross-entropy on logits; PGD from a random start, with steps in proportion to epsilon. As training images, its last points. */
export const correctedAttacks = ({ attacks }: Params) => ({
  fgsm: { at: (epsilon) => fgsm({ epsilon }), stepSize: "proportional" } satisfies AttackFamily,
  pgd: {
    at: (epsilon) => {
      const { steps, relativeStep } = attacks.pgd.corrected
      return pgd({ epsilon, stepSize: relativeStep * epsilon, steps })
    },
    stepSize: "proportional"
  } satisfies AttackFamily
})
