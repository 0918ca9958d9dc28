/** Carries out an attack on one full batch. */
import { Effect } from "effect"
import { elementsOf } from "../../artifact/tensor-data.ts"
import type { EngineFailure, Tensors } from "../engine.ts"
import { aimsNeedLogits, aimsOf } from "./aims.ts"
import type { Attack, AttackSize } from "./attack.ts"
import { argMax, paddedFloats, paddedInts } from "./batches.ts"
import { firstPosition, startOf } from "./first-position.ts"
import { firstSuccess, higher, keepBetter, type Outcome } from "./kept.ts"
import { type Compiled, type ForwardProgram, floats, type StepsProgram } from "./programs.ts"
import { type Attacked, AttackFailed, type AttackRows } from "./rows.ts"
import { type OneStep, type Stepped, scalars } from "./shared-direction.ts"

/** How the images are moved: by runs of the loop, or by one step whose direction is shared by all sizes. */
export type Way =
  | { readonly _tag: "Loop"; readonly programs: ReadonlyArray<StepsProgram> }
  | { readonly _tag: "OneStep"; readonly look: OneStep }

/** Attacks the rows it was made for in a given size. */
export type InSize = (size: AttackSize) => Effect.Effect<Attacked, EngineFailure | AttackFailed>

/**
 * The function that attacks at most `batchSize` rows: it looks at them, and what comes back attacks them in any size. The
 * result has the length of a full batch; of that, the rows given come first.
 */
export const batchAttack = (options: {
  readonly compiled: Compiled
  readonly attack: Attack
  readonly seed: number
  readonly forward: ForwardProgram
  readonly way: Way
}): ((rows: AttackRows) => Effect.Effect<InSize, EngineFailure>) => {
  const { compiled, attack, seed, forward, way } = options
  const { classifier, batchSize } = compiled
  const { classes, input } = classifier
  const width = elementsOf(input)
  const batchShape = [batchSize, ...input]

  /** What the model's answers are worth to the attacker. */
  const outcomeOf = ({ images, logits, loss }: Stepped, aims: Int32Array): Outcome => {
    const predictions = argMax(logits, classes)
    const success = Uint8Array.from(predictions, (said, image) =>
      Number((said === aims[image]) === (attack.target !== "none"))
    )
    const gain = attack.target === "none" ? loss : loss.map((value) => -value)
    return { images, logits, predictions, loss, success, gain }
  }

  /** One run of the loop from a start, of which the first `count` images matter: the point that the attack returns. */
  const climb = Effect.fnUntraced(function* (
    programs: ReadonlyArray<StepsProgram>,
    fixed: Tensors,
    start: Float32Array,
    aims: Int32Array,
    count: number
  ) {
    const look = (images: Float32Array) =>
      Effect.map(forward.run(images, aims), (said) => outcomeOf({ images, ...said }, aims))
    let position = firstPosition(compiled, attack, start)
    for (const program of programs) {
      position = yield* program.run(fixed, position)
      if (attack.iterate === "first-success" && !floats(position, "done").subarray(0, count).includes(0))
        break
    }
    const last = yield* look(floats(position, "images"))
    if (attack.iterate !== "best") return last
    const best = yield* look(floats(position, "bestImages"))
    keepBetter(best, last, batchSize, higher)
    return best
  })

  /** What makes one run over the rows, in a size. */
  const runsOver = (clean: Float32Array, aims: Int32Array, indices: ArrayLike<number>) => {
    const given = {
      clean: { dtype: "F32", shape: batchShape, data: clean },
      labels: { dtype: "I32", shape: [batchSize], data: aims }
    } as const
    if (way._tag === "OneStep") {
      return Effect.map(
        way.look(given.clean, given.labels),
        (step) => (size: AttackSize) => Effect.map(step(size), (stepped) => outcomeOf(stepped, aims))
      )
    }
    return Effect.succeed((size: AttackSize, restart: number) => {
      const start = startOf({ attack, seed, epsilon: size.epsilon, clean, batchSize, restart, indices })
      return climb(way.programs, { ...given, ...scalars(size) }, start, aims, indices.length)
    })
  }

  return Effect.fnUntraced(function* (rows) {
    const count = rows.labels.length
    const clean = paddedFloats(rows.images, width, batchSize)
    const said = aimsNeedLogits(attack)
      ? (yield* forward.run(clean, paddedInts(rows.labels, batchSize))).logits
      : new Float32Array(0)
    const aims = paddedInts(aimsOf(attack, rows, said.subarray(0, count * classes), classes), batchSize)
    const run = yield* runsOver(clean, aims, rows.indices)

    return Effect.fnUntraced(function* (size) {
      const kept = yield* run(size, 0)
      const restarts = new Int32Array(batchSize)
      for (let restart = 1; restart < attack.restarts; restart++) {
        // A success is never given up, so that the runs that are left out here would change nothing.
        if (!kept.success.subarray(0, count).includes(0)) break
        const other = yield* run(size, restart)
        for (const image of keepBetter(kept, other, count, firstSuccess)) restarts[image] = restart
      }
      const lost = kept.logits.subarray(0, count * classes).findIndex((logit) => !Number.isFinite(logit))
      if (lost !== -1)
        return yield* new AttackFailed({
          classifier: classifier.name,
          reason: `a logit of image ${rows.indices[Math.floor(lost / classes)]} is ${kept.logits[lost]}`,
          hint: "look at the weights: training may have diverged"
        })
      return { ...kept, labels: rows.labels, aims, restarts }
    })
  })
}
