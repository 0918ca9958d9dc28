/** An attack in a few words, for titles. */
import type { Attack } from "../attack/attack.ts"

/** Everything but epsilon: `FGSM`, `PGD, 40 steps of 0.01, cross-entropy`. */
export const attackText = (
  attack: Omit<Attack, "epsilon" | "stepSize"> & { readonly stepSize?: number }
): string => {
  const { steps, stepSize, norm, loss, restarts, target } = attack
  const words = [
    nameOf(attack),
    norm === "l2" ? "L2" : undefined,
    steps === 1 ? undefined : `${steps} steps${stepSize === undefined ? "" : ` of ${rounded(stepSize)}`}`,
    restarts === 1 ? undefined : `${restarts} restarts`,
    loss,
    target === "none" ? undefined : `target ${target}`
  ]
  return words.filter((word) => word !== undefined).join(", ")
}

const nameOf = ({
  steps,
  randomStart,
  momentum
}: Pick<Attack, "steps" | "randomStart" | "momentum">): string => {
  if (steps === 1) return randomStart === "none" ? "FGSM" : "FGSM with random start"
  if (momentum > 0) return "MI-FGSM"
  return randomStart === "none" ? "BIM" : "PGD"
}

const rounded = (value: number): string => String(Number(value.toPrecision(4)))
