/** An attack in a few words, for titles. */
import type { Attack } from "../attack/attack.ts"

/**
 * Everything but epsilon: `FGSM, cross-entropy`, `PGD, 40 steps of 0.01, cross-entropy`.
 *
 * @param steps how the length of a step is said: as it is, as a share of epsilon, or not at all
 */
export const attackText = (
  attack: Attack,
  steps: "absolute" | "relative" | "omitted" = "absolute"
): string => {
  const { norm, loss, restarts, target, iterate } = attack
  const words = [
    nameOf(attack),
    norm === "l2" ? "L2" : undefined,
    attack.steps === 1 ? undefined : `${attack.steps} steps${lengthText(attack, steps)}`,
    restarts === 1 ? undefined : `${restarts} restarts`,
    loss,
    target === "none" ? undefined : `target ${target}`,
    { last: undefined, best: "best point", "first-success": "first success" }[iterate]
  ]
  return words.filter((word) => word !== undefined).join(", ")
}

const nameOf = ({ steps, randomStart, momentum }: Attack): string => {
  if (steps === 1) return randomStart === "none" ? "FGSM" : "FGSM with random start"
  if (momentum > 0) return "MI-FGSM"
  return randomStart === "none" ? "BIM" : "PGD"
}

const lengthText = ({ stepSize, epsilon }: Attack, steps: "absolute" | "relative" | "omitted"): string => {
  if (steps === "omitted") return ""
  return steps === "absolute" ? ` of ${rounded(stepSize)}` : ` of ${rounded(stepSize / epsilon)} epsilon`
}

const rounded = (value: number): string => String(Number(value.toPrecision(4)))
