/** Random vectors of a ball of radius one. Times epsilon they are noise in an attack's ball. */
import type { RandomStream } from "../../data/random.ts"
import type { Norm } from "./attack.ts"

/**
 * How noise lies in the ball: `uniform` everywhere in it, or on its `boundary`, which is plus or minus one for each value
 * (`linf`) or a uniform direction of length one (`l2`).
 */
export type NoiseKind = "uniform" | "boundary"

/** Draws one vector of as many values as `out` has. */
export const drawNoise = (norm: Norm, kind: NoiseKind, random: RandomStream, out: Float32Array): void => {
  if (norm === "l2") drawVector(random, out, kind === "uniform" ? 2 : 0)
  else if (kind === "uniform") drawUniform(random, out)
  else drawSigns(random, out)
}

const drawUniform = (random: RandomStream, out: Float32Array): void => {
  for (let i = 0; i < out.length; i++) out[i] = random.between(-1, 1)
}

/** Plus or minus one, each as likely as the other, from one random bit. */
const drawSigns = (random: RandomStream, out: Float32Array): void => {
  let word = 0
  for (let i = 0; i < out.length; i++) {
    word = i % 32 === 0 ? random.uint32() : word >>> 1
    out[i] = (word & 1) === 1 ? 1 : -1
  }
}

/**
 * A uniform direction of length one, of which `dropped` further coordinates are left out. With two of them left out, what
 * remains is uniform in the ball, without a root of degree n.
 *
 * @see Voelker, Gosmann & Stewart 2017, "Efficiently sampling vectors and coordinates from the n-sphere and n-ball"
 */
const drawVector = (random: RandomStream, out: Float32Array, dropped: number): void => {
  const values = Float64Array.from({ length: out.length + dropped }, () => random.normal())
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  for (let i = 0; i < out.length; i++) out[i] = (values[i] ?? 0) / length
}
