/** Attacks: their descriptions, the loop that carries them out, controls, and what evaluations measure. */
export { Attack, type AttackSize, BadAttack, checkAttack, Norm, withEpsilon } from "./attack.ts"
export { type AttackedBatch, attackDataset } from "./attack-dataset.ts"
export {
  type AttackError,
  type Attacker,
  type AttackerOptions,
  defaultUnroll,
  makeAttacker
} from "./attacker.ts"
export { type Classifier, classifierOf } from "./classifier.ts"
export { addNoise, type Control } from "./control.ts"
export { type Ascent, type Position, takeSteps } from "./loop.ts"
export { bim, fgsm, mifgsm, pgd } from "./makers.ts"
export {
  type Answers,
  type Gradients,
  type Measurer,
  type MeasurerOptions,
  makeGradientMeasurer,
  makeMeasurer
} from "./measure.ts"
export { Clamp, OneStepAttack, oneStep } from "./one-step.ts"
export { type Perturbations, perturbationPicture, perturbationsOf } from "./perturbation.ts"
export { makePerturber, type Perturber } from "./perturber.ts"
export { type Attacked, AttackFailed, type AttackRows } from "./rows.ts"
export { makeSignMeasurer } from "./signs.ts"
