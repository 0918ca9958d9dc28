/** Carries out an attack on rows of any number. */
import { Effect, type Scope } from "effect"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import type { Engine, EngineFailure } from "../engine.ts"
import { type Attack, type AttackSize, type BadAttack, checkAttack } from "./attack.ts"
import { batchAttack, type InSize, type Way } from "./batch-attack.ts"
import type { Classifier } from "./classifier.ts"
import { type Compiled, compileForward, compileSteps, weightsFor } from "./programs.ts"
import { type Attacked, AttackFailed, type AttackRows, problemOfRows, rowsBetween } from "./rows.ts"
import { compileOneStep, isOneStep } from "./shared-direction.ts"

export type AttackError = AttackFailed | BadAttack | EngineFailure

/** An attack on one model, compiled. */
export interface Attacker {
  readonly attack: Attack
  readonly classifier: Classifier
  /** How many images go through a program at a time; rows in multiples of it are attacked fastest. */
  readonly batchSize: number
  /**
   * Attacks every row, those that the model gets wrong already among them. The result of an image depends on the image,
   * its label and its index, not on its place or its neighbours. Another batch size is another program: an engine that
   * picks its kernels by shape, as `onnx` does, may then round otherwise.
   *
   * @param size another epsilon and step size than the attack's own; nothing is compiled for it
   */
  readonly run: (rows: AttackRows, size?: AttackSize) => Effect.Effect<Attacked, AttackError>
  /**
   * For the same rows in several sizes, with the results of `run`: what does not depend on the size is computed once. With
   * FGSM that is the gradient.
   */
  readonly prepare: (
    rows: AttackRows
  ) => Effect.Effect<(size?: AttackSize) => Effect.Effect<Attacked, AttackError>, AttackError>
}

export interface AttackerOptions {
  readonly classifier: Classifier
  /** By name, as {@link Classifier.weights} says. */
  readonly weights: ReadonlyMap<string, TensorData>
  readonly attack: Attack
  /** Images per run of a program. A last smaller batch is filled up, so that one compiled shape serves all. */
  readonly batchSize: number
  /** Seed of the random starts: any safe integer. */
  readonly seed: number
  /** How many steps one program takes, at most. More steps per program cost time to compile and save copies. */
  readonly unroll?: number
}

/** Steps per program, where nothing else is asked for. Results do not depend on it. */
export const defaultUnroll = 1

/**
 * Compiles an attack. The attacker belongs to the scope; runs of one attacker must not overlap.
 *
 * Fails with `BadAttack` where the description is none.
 */
export const makeAttacker = (
  options: AttackerOptions
): Effect.Effect<Attacker, AttackError, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { classifier, batchSize, seed, unroll = defaultUnroll } = options
    const attack = yield* checkAttack(options.attack)
    const misfit = problemOfOptions(options)
    if (misfit !== undefined) return yield* misfit
    const compiled: Compiled = {
      classifier,
      batchSize,
      weights: yield* weightsFor(classifier, options.weights)
    }
    const forward = yield* compileForward(compiled, attack.loss)
    const way: Way = isOneStep(attack)
      ? { _tag: "OneStep", look: yield* compileOneStep(compiled, attack) }
      : { _tag: "Loop", programs: yield* compileAllSteps(compiled, attack, unroll) }
    const width = elementsOf(classifier.input)
    const lookAt = batchAttack({ compiled, attack, seed, forward, way })

    const prepare: Attacker["prepare"] = Effect.fnUntraced(function* (rows) {
      const problem = problemOfRows(classifier, attack, rows)
      if (problem !== undefined) return yield* problem
      const batches: Array<{ readonly from: number; readonly count: number; readonly inSize: InSize }> = []
      for (let from = 0; from < rows.labels.length; from += batchSize) {
        const batch = rowsBetween(rows, width, from, Math.min(from + batchSize, rows.labels.length))
        batches.push({ from, count: batch.labels.length, inSize: yield* lookAt(batch) })
      }
      return Effect.fnUntraced(function* (size) {
        const checked = size === undefined ? attack : yield* checkAttack({ ...attack, ...size })
        const all = room(rows, width, classifier.classes)
        for (const { from, count, inSize } of batches) put(all, yield* inSize(checked), from, count)
        return all
      })
    })
    const run: Attacker["run"] = (rows, size) => Effect.flatMap(prepare(rows), (inSize) => inSize(size))
    return { attack, classifier, batchSize, run, prepare }
  })

/** What is wrong with the options, if anything is. */
export const problemOfOptions = ({ classifier, attack, batchSize, unroll = 1 }: AttackerOptions) => {
  const failed = (reason: string, hint: string) =>
    new AttackFailed({ classifier: classifier.name, reason, hint })
  if (!(Number.isInteger(batchSize) && batchSize >= 1))
    return failed(`a batch of ${batchSize} images`, "take a batch size of 1 or more")
  if (!(Number.isInteger(unroll) && unroll >= 1))
    return failed(`${unroll} steps per program`, "take 1 or more")
  if (attack.loss === "dlr" && classifier.classes < 3)
    return failed("`dlr` compares the three largest logits, of two", "take `margin` for two classes")
  return undefined
}

/** The programs whose runs, one after the other, take all of the attack's steps: as many of one as fit, and the rest. */
export const compileAllSteps = Effect.fnUntraced(function* (
  compiled: Compiled,
  attack: Attack,
  unroll: number
) {
  const count = Math.max(1, Math.min(unroll, attack.steps))
  const rest = attack.steps % count
  const main = yield* compileSteps(compiled, attack, count)
  const programs = Array.from({ length: Math.floor(attack.steps / count) }, () => main)
  return rest === 0 ? programs : [...programs, yield* compileSteps(compiled, attack, rest)]
})

/** Arrays for the results of all rows. */
const room = ({ labels }: AttackRows, width: number, classes: number): Attacked => {
  const count = labels.length
  return {
    images: new Float32Array(count * width),
    labels,
    aims: new Int32Array(count),
    logits: new Float32Array(count * classes),
    predictions: new Int32Array(count),
    loss: new Float32Array(count),
    success: new Uint8Array(count),
    restarts: new Int32Array(count)
  }
}

/** Writes a batch's first `count` results to their place. */
const put = (all: Attacked, batch: Attacked, from: number, count: number): void => {
  const width = count === 0 ? 0 : all.images.length / all.labels.length
  const classes = count === 0 ? 0 : all.logits.length / all.labels.length
  all.images.set(batch.images.subarray(0, count * width), from * width)
  all.logits.set(batch.logits.subarray(0, count * classes), from * classes)
  all.aims.set(batch.aims.subarray(0, count), from)
  all.predictions.set(batch.predictions.subarray(0, count), from)
  all.loss.set(batch.loss.subarray(0, count), from)
  all.success.set(batch.success.subarray(0, count), from)
  all.restarts.set(batch.restarts.subarray(0, count), from)
}
