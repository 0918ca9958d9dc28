/** Our attacks on batch after batch: the loop's steps alone, and with all that `makeAttacker` does. */
import { Effect } from "effect"
import { elementsOf } from "../../src/artifact/tensor-data.ts"
import {
  type Attack,
  classifierOf,
  defaultUnroll,
  fgsm,
  makeAttacker,
  pgd
} from "../../src/tensor/attack/index.ts"
import { move } from "../../src/tensor/attack/moved.ts"
import { compileSteps } from "../../src/tensor/attack/programs.ts"
import { drawStart } from "../../src/tensor/attack/start.ts"
import type { Tensors } from "../../src/tensor/engine.ts"
import { initialise, type Network } from "../../src/tensor/network/index.ts"
import { batchSize } from "./cases.ts"
import { imagesTensor, labelsTensor, makeBatches } from "./examples.ts"

const seed = 1

export const fgsmAttack = fgsm({ epsilon: 0.1 })
export const pgdAttack = pgd({ epsilon: 0.3, stepSize: 0.01, steps: 40 })

/** The adversarial images of one batch after another, with the attacker's usual number of steps per program. */
export const attackTask = Effect.fnUntraced(function* (network: Network, attack: Attack) {
  const weights: Tensors = Object.fromEntries(initialise(network, { seed }))
  const compiled = { classifier: classifierOf(network), weights, batchSize }
  const steps = yield* compileSteps(compiled, attack, Math.min(attack.steps, defaultUnroll))
  const nextBatch = makeBatches(network)
  return Effect.gen(function* () {
    const { images, labels, rows } = nextBatch()
    const fixed: Tensors = {
      clean: imagesTensor(network, images),
      labels: labelsTensor(labels),
      epsilon: { dtype: "F32", shape: [], data: Float32Array.of(attack.epsilon) },
      stepSize: { dtype: "F32", shape: [], data: Float32Array.of(attack.stepSize) }
    }
    let position: Tensors = { images: imagesTensor(network, startOf(network, attack, images, rows)) }
    for (let taken = 0; taken < attack.steps; taken += steps.count)
      position = yield* steps.run(fixed, position)
  })
})

/** A start for each image, as the attacker draws it. */
const startOf = (network: Network, attack: Attack, clean: Float32Array, rows: Int32Array): Float32Array => {
  if (attack.randomStart === "none") return clean
  const width = elementsOf(network.input)
  const start = clean.slice()
  const unit = new Float32Array(width)
  for (const [place, image] of rows.entries()) {
    drawStart(attack, { seed, image, restart: 0 }, unit)
    const moved = start.subarray(place * width, (place + 1) * width)
    move(moved, unit, attack.epsilon, moved)
  }
  return start
}

/** The attack with its checks, and what the network says of the images that it made. */
export const attackerTask = Effect.fnUntraced(function* (network: Network, attack: Attack) {
  const weights = initialise(network, { seed })
  const attacker = yield* makeAttacker({
    classifier: classifierOf(network),
    weights,
    attack,
    batchSize,
    seed
  })
  const nextBatch = makeBatches(network)
  return Effect.suspend(() => {
    const { images, labels, rows } = nextBatch()
    return attacker.run({ images, labels, indices: rows })
  })
})
