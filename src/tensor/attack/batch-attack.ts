/** Carries out an attack on one full batch. */
import { Effect } from "effect"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import type { Tensors } from "../engine.ts"
import { aimsNeedLogits, aimsOf } from "./aims.ts"
import type { Attack, AttackSize } from "./attack.ts"
import { argMax, paddedFloats, paddedInts } from "./batches.ts"
import { firstSuccess, higher, keepBetter, type Outcome } from "./kept.ts"
import { lowestGain } from "./loop.ts"
import { move } from "./moved.ts"
import { type Compiled, type ForwardProgram, floats, type StepsProgram } from "./programs.ts"
import { type Attacked, AttackFailed, type AttackRows } from "./rows.ts"
import { drawStart } from "./start.ts"

/**
 * The function that attacks at most `batchSize` rows. What it returns has the length of a full batch; of that, the rows
 * given come first.
 */
export const batchAttack = (options: {
  readonly compiled: Compiled
  readonly attack: Attack
  readonly seed: number
  readonly forward: ForwardProgram
  readonly programs: ReadonlyArray<StepsProgram>
}) => {
  const { compiled, attack, seed, forward, programs } = options
  const { classifier, batchSize } = compiled
  const { classes, input } = classifier
  const width = elementsOf(input)
  const batchShape = [batchSize, ...input]

  /** What the model says of a batch of images, and what that is worth to the attacker. */
  const look = Effect.fnUntraced(function* (images: Float32Array, aims: Int32Array) {
    const { logits, loss } = yield* forward.run(images, aims)
    const predictions = argMax(logits, classes)
    const success = Uint8Array.from(predictions, (said, image) =>
      Number((said === aims[image]) === (attack.target !== "none"))
    )
    const gain = attack.target === "none" ? loss : loss.map((value) => -value)
    return { images, logits, predictions, loss, success, gain } satisfies Outcome
  })

  /** One run from a start: the last point, or the best one. */
  const climb = Effect.fnUntraced(function* (fixed: Tensors, start: Float32Array, aims: Int32Array) {
    let position = firstPosition(compiled, attack, start)
    for (const program of programs) position = yield* program.run(fixed, position)
    const last = yield* look(floats(position, "images"), aims)
    if (attack.iterate === "last") return last
    const best = yield* look(floats(position, "bestImages"), aims)
    keepBetter(best, last, batchSize, higher)
    return best
  })

  return Effect.fnUntraced(function* (rows: AttackRows, { epsilon, stepSize }: AttackSize) {
    const count = rows.labels.length
    const clean = paddedFloats(rows.images, width, batchSize)
    const said = aimsNeedLogits(attack)
      ? (yield* forward.run(clean, paddedInts(rows.labels, batchSize))).logits
      : new Float32Array(0)
    const aims = paddedInts(aimsOf(attack, rows, said.subarray(0, count * classes), classes), batchSize)
    const fixed: Tensors = {
      clean: { dtype: "F32", shape: batchShape, data: clean },
      labels: { dtype: "I32", shape: [batchSize], data: aims },
      epsilon: { dtype: "F32", shape: [], data: Float32Array.of(epsilon) },
      stepSize: { dtype: "F32", shape: [], data: Float32Array.of(stepSize) }
    }
    const start = (restart: number): Float32Array =>
      startOf({ attack, seed, epsilon, clean, width, restart, indices: rows.indices })
    const kept = yield* climb(fixed, start(0), aims)
    const restarts = new Int32Array(batchSize)
    for (let restart = 1; restart < attack.restarts; restart++) {
      // A success is never given up, so that the runs that are left out here would change nothing.
      if (!kept.success.subarray(0, count).includes(0)) break
      const other = yield* climb(fixed, start(restart), aims)
      for (const image of keepBetter(kept, other, count, firstSuccess)) restarts[image] = restart
    }
    const lost = kept.logits.subarray(0, count * classes).findIndex((logit) => !Number.isFinite(logit))
    if (lost !== -1)
      return yield* new AttackFailed({
        classifier: classifier.name,
        reason: `a logit of image ${rows.indices[Math.floor(lost / classes)]} is ${kept.logits[lost]}`,
        hint: "look at the weights: training may have diverged"
      })
    return { ...kept, labels: rows.labels, aims, restarts } satisfies Attacked
  })
}

/** The start of a restart for a full batch; rows that fill the batch up start at the image. */
const startOf = (options: {
  readonly attack: Attack
  readonly seed: number
  readonly epsilon: number
  readonly clean: Float32Array
  readonly width: number
  readonly restart: number
  readonly indices: ArrayLike<number>
}): Float32Array => {
  const { attack, seed, epsilon, clean, width, restart, indices } = options
  if (attack.randomStart === "none") return clean
  const start = clean.slice()
  const unit = new Float32Array(width)
  for (let row = 0; row < indices.length; row++) {
    drawStart(attack, { seed, image: indices[row] ?? 0, restart }, unit)
    const image = start.subarray(row * width, (row + 1) * width)
    move(image, unit, epsilon, image)
  }
  return start
}

const firstPosition = ({ classifier, batchSize }: Compiled, attack: Attack, start: Float32Array): Tensors => {
  const images: TensorData = { dtype: "F32", shape: [batchSize, ...classifier.input], data: start }
  const perImage = (value: number): TensorData => ({
    dtype: "F32",
    shape: [batchSize],
    data: new Float32Array(batchSize).fill(value)
  })
  return {
    images,
    ...(attack.momentum === 0 ? {} : { momentum: { ...images, data: new Float32Array(start.length) } }),
    ...(attack.iterate === "last"
      ? {}
      : { bestImages: images, bestGain: perImage(lowestGain), bestSuccess: perImage(0) })
  }
}
