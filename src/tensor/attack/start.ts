/** Where a run starts, drawn for each image from its own random numbers. */
import { RandomStream } from "../../data/random.ts"
import type { Attack } from "./attack.ts"
import { drawNoise } from "./noise.ts"

/** Which random numbers belong to a start. */
export interface StartPosition {
  /** Any safe integer. */
  readonly seed: number
  /** The image's number in its dataset, in [0, 2^32). */
  readonly image: number
  /** The restart's number, in [0, 2^21). */
  readonly restart: number
}

/** What these random numbers are for: no other use of a seed has this number. */
const purpose = 13

/**
 * Draws a start for a ball of radius one, into `start`, which has the image's elements. Multiplied by epsilon it is a
 * start in the attack's ball, so that a sweep over epsilon meets the same directions everywhere.
 */
export const drawStart = (
  { norm, randomStart }: Pick<Attack, "norm" | "randomStart">,
  { seed, image, restart }: StartPosition,
  start: Float32Array
): void => {
  if (randomStart === "none") return void start.fill(0)
  const random = new RandomStream({ seed, purpose, index: restart * 2 ** 32 + image })
  drawNoise(norm, randomStart, random, start)
}
