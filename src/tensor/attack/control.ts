/**
 * Controls: noise that is as large as an attack and knows nothing of the model. What an attack does more than these is due
 * to the gradient.
 */
import { RandomStream } from "../../data/random.ts"
import type { Norm } from "./attack.ts"
import { move } from "./moved.ts"
import { drawNoise, type NoiseKind } from "./noise.ts"

export interface Control {
  readonly norm: Norm
  /** With `linf`, `boundary` is random-sign noise: every pixel moves by plus or minus epsilon. */
  readonly kind: NoiseKind
  /** As in an attack: a radius in units of the pixel range [0, 1]. */
  readonly epsilon: number
  /** Any safe integer. */
  readonly seed: number
}

/** What these random numbers are for: no other use of a seed has these numbers. */
const purposes = { boundary: 14, uniform: 15 } as const

/**
 * Images with noise, clipped to [0, 1].
 *
 * @param images `[n, ...]` in [0, 1]
 * @param indices each image's number in its dataset, `[n]`, in [0, 2^53); its noise belongs to this number
 */
export const addNoise = (
  { norm, kind, epsilon, seed }: Control,
  images: Float32Array,
  indices: ArrayLike<number>
): Float32Array => {
  const width = images.length / indices.length
  const noisy = images.slice()
  const noise = new Float32Array(indices.length === 0 ? 0 : width)
  for (let row = 0; row < indices.length; row++) {
    const random = new RandomStream({ seed, purpose: purposes[kind], index: indices[row] ?? 0 })
    drawNoise(norm, kind, random, noise)
    const image = noisy.subarray(row * width, (row + 1) * width)
    move(image, noise, epsilon, image)
  }
  return noisy
}
