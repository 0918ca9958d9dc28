/**
 * What an attack is: plain data, checked by a schema.
 *
 * All attacks here are one loop, projected gradient ascent: start at the image or near it, step along the gradient of a
 * loss, project back into the ball of radius epsilon, clip to [0, 1]. FGSM, BIM, MI-FGSM and PGD are settings of it
 * (makers.ts).
 */
import { Effect, Schema, SchemaIssue } from "effect"
import { LossName } from "../loss/index.ts"

const Length = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * How far a perturbation may go. `linf`: no value of the image changes by more than epsilon. `l2`: the Euclidean length
 * of the whole perturbation, over height, width and channels, is at most epsilon.
 */
export const Norm = Schema.Literals(["linf", "l2"])
export type Norm = typeof Norm.Type

const AttackFields = Schema.Struct({
  norm: Norm,
  /** Radius of the ball, in units of the pixel range [0, 1]: 8/255 for eight grey levels. For `linf` at most 1. */
  epsilon: Length,
  /** Length of one step in the attack's norm, in the same unit. 0 only where epsilon is 0. */
  stepSize: Length,
  /** Gradient steps per restart. */
  steps: Positive,
  /** Name of the loss that is made larger; targeted attacks make the loss of the target class smaller. */
  loss: LossName,
  /**
   * The class that the model is to say. `none`: any but the label. `given`: one per image, by the caller. `next-class`:
   * the label plus one, after the last class the first. `least-likely`: the class with the smallest logit on the clean
   * image, the label excepted.
   *
   * @see Kurakin et al. 2017, "Adversarial machine learning at scale", section 3.1, for the least likely class
   */
  target: Schema.Literals(["none", "given", "next-class", "least-likely"]),
  /**
   * Where the loop starts. `none`: at the image. `uniform`: uniformly distributed in the ball. `boundary`: on the ball's
   * surface, each value at plus or minus epsilon (`linf`) or in a uniform direction (`l2`). Starts are clipped to [0, 1].
   */
  randomStart: Schema.Literals(["none", "uniform", "boundary"]),
  /**
   * Independent runs from different starts. Each image keeps the first that succeeds, or else the one with the highest
   * loss.
   */
  restarts: Positive,
  /** Share of the accumulated gradient that a step keeps: the decay of MI-FGSM. 0 for none. */
  momentum: Length,
  /**
   * Which point of a run is returned: the `last`, the `best` of all of them, or the first that succeeds (`first-success`), or
   * else the last; the start is one of them. Of two points the better one succeeds where the other does not, or has the higher loss.
   * With `first-success` an image that has succeeded moves no more, and a batch of such images takes no more steps.
   */
  iterate: Schema.Literals(["last", "best", "first-success"]),
  /**
   * The labels that the attack works with: the `true` ones, or what the model says of the clean image (`predicted`),
   * which hides no label from the attacker and leaks none.
   *
   * @see Kurakin et al. 2017, section 4.3, on label leaking
   */
  labels: Schema.Literals(["true", "predicted"])
})

/** The description of an attack. Numbers have no defaults here; the makers know the usual ones. */
export const Attack = AttackFields.check(
  Schema.makeFilter(({ norm, epsilon }) =>
    norm === "linf" && epsilon > 1
      ? { path: ["epsilon"], issue: `Expected a number in [0, 1], got ${epsilon}` }
      : undefined
  ),
  Schema.makeFilter(({ epsilon, stepSize }) =>
    stepSize === 0 && epsilon > 0
      ? { path: ["stepSize"], issue: "Expected a number above 0, got 0: no image would move" }
      : undefined
  ),
  Schema.makeFilter(({ restarts, randomStart }) =>
    restarts > 1 && randomStart === "none"
      ? { path: ["restarts"], issue: `Expected 1 without a random start, got ${restarts}` }
      : undefined
  )
)
export type Attack = typeof Attack.Type

/** A description that is not an attack. */
export class BadAttack extends Schema.TaggedError<BadAttack>()("BadAttack", {
  /** One line each, beginning with the field's name. */
  problems: Schema.Array(Schema.String),
  hint: Schema.String
}) {
  override get message() {
    return this.problems.length === 1
      ? `attack: ${this.problems[0]}`
      : `attack:${this.problems.map((problem) => `\n  ${problem}`).join("")}`
  }
}

/** Checks a description that comes from anywhere; every problem is reported. */
export const checkAttack = (description: unknown): Effect.Effect<Attack, BadAttack> =>
  Schema.decodeUnknownEffect(Attack)(description, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true
  }).pipe(Effect.mapError(badAttack))

const badAttack = (error: Schema.SchemaError): BadAttack => {
  const { issues } = SchemaIssue.makeFormatterStandardSchemaV1()(error.issue)
  const fields = issues.map(({ path = [] }) =>
    path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  )
  return new BadAttack({
    problems: issues.map(({ message }, index) =>
      fields[index] === "" ? message : `\`${fields[index]}\`: ${message}`
    ),
    hint: cures[fields[0] ?? ""] ?? `an attack has the fields ${Object.keys(AttackFields.fields).join(", ")}`
  })
}

const cures: { readonly [field: string]: string } = {
  norm: "the norms are `linf` and `l2`",
  epsilon: "pixels are in [0, 1]: write eight grey levels as 8/255, and 0.3 as it is",
  stepSize: "take epsilon for a single step, about 2.5 * epsilon / steps for many",
  steps: "one step is FGSM; 40 or 100 are usual for PGD",
  loss: `the losses are ${LossName.literals.map((name) => `\`${name}\``).join(", ")}`,
  restarts: "set `randomStart` to `uniform`, or `restarts` to 1: equal starts end equally",
  momentum: "0 is no momentum, 1 is MI-FGSM's usual value"
}

/** How large an attack is: what a sweep changes, without compiling anything again. Same units as in {@link Attack}. */
export interface AttackSize {
  readonly epsilon: number
  readonly stepSize: number
}

/**
 * The same attack at another epsilon, its step size in proportion.
 *
 * An attack of epsilon 0 has no proportion to keep; its steps become as long as epsilon.
 */
export const withEpsilon = (attack: Attack, epsilon: number): Attack => ({
  ...attack,
  epsilon,
  stepSize: attack.epsilon === 0 ? epsilon : attack.stepSize * (epsilon / attack.epsilon)
})
