/** Attacked images alone, for sets that are made to be kept: nobody asks what the model says of them. */
import { Effect, type Scope } from "effect"
import { elementsOf } from "../../artifact/tensor-data.ts"
import type { Engine } from "../engine.ts"
import { aimsNeedLogits, aimsOf } from "./aims.ts"
import { type AttackSize, checkAttack } from "./attack.ts"
import {
  type AttackError,
  type AttackerOptions,
  compileAllSteps,
  defaultUnroll,
  makeAttacker,
  problemOfOptions
} from "./attacker.ts"
import { paddedFloats, paddedInts } from "./batches.ts"
import { firstPosition, startOf } from "./first-position.ts"
import { type Compiled, compileForward, floats, weightsFor } from "./programs.ts"
import { AttackFailed, type AttackRows, firstOutside, problemOfRows, rowsBetween } from "./rows.ts"
import { scalars } from "./shared-direction.ts"

/** The attacked images of rows, `[n, height, width, channels]`: those of the attacker with the same options. */
export type Perturber = (rows: AttackRows, size?: AttackSize) => Effect.Effect<Float32Array, AttackError>

/**
 * Compiles an attack for its images. The perturber belongs to the scope; calls must not overlap.
 *
 * An attack that has to know how far it is, because it keeps the best of several points, costs what its attacker costs; others
 * are spared a forward pass, a quarter of FGSM.
 */
export const makePerturber = (
  options: AttackerOptions
): Effect.Effect<Perturber, AttackError, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { classifier, batchSize, seed, unroll = defaultUnroll } = options
    const attack = yield* checkAttack(options.attack)
    if (attack.iterate !== "last" || attack.restarts > 1) {
      const attacker = yield* makeAttacker(options)
      return (rows, size) => Effect.map(attacker.run(rows, size), ({ images }) => images)
    }
    const misfit = problemOfOptions(options)
    if (misfit !== undefined) return yield* misfit
    const weights = yield* weightsFor(classifier, options.weights)
    const compiled: Compiled = { classifier, batchSize, weights }
    const programs = yield* compileAllSteps(compiled, attack, unroll)
    const forward = aimsNeedLogits(attack) ? yield* compileForward(compiled, attack.loss) : undefined
    const { classes, input } = classifier
    const width = elementsOf(input)

    const perturbBatch = Effect.fnUntraced(function* (rows: AttackRows, size: AttackSize) {
      const clean = paddedFloats(rows.images, width, batchSize)
      const said = yield* forward?.run(clean, paddedInts(rows.labels, batchSize)) ?? Effect.undefined
      const logits = said?.logits.subarray(0, rows.labels.length * classes) ?? new Float32Array(0)
      const aims = paddedInts(aimsOf(attack, rows, logits, classes), batchSize)
      const fixed = {
        clean: { dtype: "F32", shape: [batchSize, ...input], data: clean },
        labels: { dtype: "I32", shape: [batchSize], data: aims },
        ...scalars(size)
      } as const
      const { epsilon } = size
      const start = startOf({ attack, seed, epsilon, clean, batchSize, restart: 0, indices: rows.indices })
      let position = firstPosition(compiled, attack, start)
      for (const program of programs) position = yield* program.run(fixed, position)
      return floats(position, "images")
    })

    return Effect.fnUntraced(function* (rows, size) {
      const checked = size === undefined ? attack : yield* checkAttack({ ...attack, ...size })
      const problem = problemOfRows(classifier, attack, rows)
      if (problem !== undefined) return yield* problem
      const images = new Float32Array(rows.images.length)
      for (let from = 0; from < rows.labels.length; from += batchSize) {
        const batch = rowsBetween(rows, width, from, Math.min(from + batchSize, rows.labels.length))
        const made = yield* perturbBatch(batch, checked)
        images.set(made.subarray(0, batch.images.length), from * width)
      }
      const lost = firstOutside(images)
      if (lost !== -1)
        return yield* new AttackFailed({
          classifier: classifier.name,
          reason: `a pixel of image ${rows.indices[Math.floor(lost / width)]} became ${images[lost]}`,
          hint: "look at the weights: training may have diverged"
        })
      return images
    })
  })
