/** The attacks that have names, as settings of the one loop. Whatever a paper leaves open has to be given. */
import type { Attack } from "./attack.ts"

const plain = {
  norm: "linf",
  loss: "cross-entropy",
  target: "none",
  randomStart: "none",
  restarts: 1,
  momentum: 0,
  iterate: "last",
  labels: "true"
} as const

/** What a maker needs, and what it lets be chosen otherwise. */
type Settings<Required extends keyof Attack> = Pick<Attack, Required> & Partial<Attack>

/**
 * The fast gradient sign method: one step as long as epsilon. With `norm: "l2"`, the fast gradient method.
 *
 * @see Goodfellow et al. 2015, "Explaining and harnessing adversarial examples", section 4
 */
export const fgsm = (settings: Settings<"epsilon">): Attack => ({
  ...plain,
  steps: 1,
  stepSize: settings.epsilon,
  ...settings
})

/**
 * The basic iterative method: small steps from the image itself.
 *
 * @see Kurakin et al. 2017, "Adversarial examples in the physical world", section 2.2
 */
export const bim = (settings: Settings<"epsilon" | "stepSize" | "steps">): Attack => ({
  ...plain,
  ...settings
})

/**
 * The momentum iterative method: steps along the sign of a running sum of normalised gradients. Its step size is
 * epsilon / steps and its momentum 1, unless given.
 *
 * @see Dong et al. 2018, "Boosting adversarial attacks with momentum", algorithm 1
 */
export const mifgsm = (settings: Settings<"epsilon" | "steps">): Attack => ({
  ...plain,
  stepSize: settings.epsilon / settings.steps,
  momentum: 1,
  ...settings
})

/**
 * Projected gradient descent (on the negative loss): small steps from a point chosen uniformly in the ball.
 *
 * @see Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks", section 2.1
 */
export const pgd = (settings: Settings<"epsilon" | "stepSize" | "steps">): Attack => ({
  ...plain,
  randomStart: "uniform",
  ...settings
})
