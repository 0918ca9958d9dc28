/**
 * Checks that a robustness evaluation can be believed. They look at its numbers alone: what fails is a defect of the attack
 * or a model that hides its gradient, not robustness.
 *
 * Accuracies and shares are fractions of one. A _tolerance_ is by how much of an accuracy a rule may be broken: one over
 * the number of images lets one image go.
 *
 * @see Athalye, Carlini & Wagner 2018, "Obfuscated gradients give a false sense of security", section 3.1
 * @see Carlini et al. 2019, "On evaluating adversarial robustness", the evaluation checklist
 */

/** What a check found. */
export interface Finding {
  /** The check's name. */
  readonly check: string
  readonly passed: boolean
  /** The numbers that decided. */
  readonly numbers: { readonly [name: string]: number }
  /** One sentence for a report: what was found, and if it failed, what that means. */
  readonly sentence: string
}

export const finding = (options: {
  readonly check: string
  readonly passed: boolean
  readonly numbers: { readonly [name: string]: number }
  readonly found: string
  /** What it means if the check failed. */
  readonly meaning: string
}): Finding => {
  const { check, passed, numbers, found, meaning } = options
  return { check, passed, numbers, sentence: passed ? `${found}.` : `${found}: ${meaning}.` }
}

/** A share of one as people read it: `12.34 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
