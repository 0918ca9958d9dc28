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
  pgd: proportionalPgd({ ...attacks.pgd.corrected, restarts: 1 })
})

interface ProportionalPgd {
  readonly steps: number
  readonly relativeStep: number
  readonly restarts: number
}

const proportionalPgd = ({ steps, relativeStep, restarts }: ProportionalPgd): AttackFamily => ({
  at: (epsilon) => pgd({ epsilon, stepSize: relativeStep * epsilon, steps, restarts }),
  stepSize: "proportional"
})

/**
 * PGD that evaluates a model: an image on which it has succeeded once is lost. That is a stronger attack than its last point,
 * and it ends early where nothing is left to win.
 */
export const judgingPgd = (settings: ProportionalPgd): AttackFamily => ({
  ...proportionalPgd(settings),
  at: (epsilon) => ({ ...proportionalPgd(settings).at(epsilon), iterate: "first-success" })
})
