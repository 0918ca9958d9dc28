/** Where the loop begins. */
import type { TensorData } from "../../artifact/tensor-data.ts"
import type { Tensors } from "../engine.ts"
import type { Attack } from "./attack.ts"
import { lowestGain } from "./loop.ts"
import { move } from "./moved.ts"
import type { Compiled } from "./programs.ts"
import { drawStart } from "./start.ts"

/** The start of a restart for a full batch; rows that fill the batch up start at the image. */
export const startOf = (options: {
  readonly attack: Attack
  readonly seed: number
  readonly epsilon: number
  /** `[batchSize, height, width, channels]`. */
  readonly clean: Float32Array
  readonly batchSize: number
  readonly restart: number
  readonly indices: ArrayLike<number>
}): Float32Array => {
  const { attack, seed, epsilon, clean, batchSize, restart, indices } = options
  if (attack.randomStart === "none") return clean
  const start = clean.slice()
  const width = clean.length / batchSize
  const unit = new Float32Array(width)
  for (let row = 0; row < indices.length; row++) {
    drawStart(attack, { seed, image: indices[row] ?? 0, restart }, unit)
    const image = start.subarray(row * width, (row + 1) * width)
    move(image, unit, epsilon, image)
  }
  return start
}

/** Where a run begins. */
export const firstPosition = (
  { classifier, batchSize }: Compiled,
  attack: Attack,
  start: Float32Array
): Tensors => {
  const images: TensorData = { dtype: "F32", shape: [batchSize, ...classifier.input], data: start }
  const perImage = (value: number): TensorData => ({
    dtype: "F32",
    shape: [batchSize],
    data: new Float32Array(batchSize).fill(value)
  })
  return {
    images,
    ...(attack.momentum === 0 ? {} : { momentum: { ...images, data: new Float32Array(start.length) } }),
    ...(attack.iterate === "best"
      ? { bestImages: images, bestGain: perImage(lowestGain), bestSuccess: perImage(0) }
      : {}),
    ...(attack.iterate === "first-success" ? { done: perImage(0) } : {})
  }
}
