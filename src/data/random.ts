/**
 * Randomness by position.
 *
 * A counter-based generator has no state to pass on: the n-th number of a stream is a function of (seed, purpose, index,
 * n). So image 4711 is the same whether it is drawn alone, in another chunk or in another process. Everything here is
 * made of integer operations, `+ - * /` and square roots, which IEEE 754 fixes to the last bit on every machine.
 */

import { normalQuantile } from "./normal-quantile.ts"
import { philoxBlocks } from "./philox.ts"

/** Where a stream of random numbers begins. Two streams that differ in any field never share a number. */
export interface Position {
  /** Any safe integer. */
  readonly seed: number
  /** What the numbers are for, below 2^32: images and labels of one seed must not be drawn from the same numbers. */
  readonly purpose: number
  /** Which image, block or batch: a non-negative safe integer. */
  readonly index: number
}

/** The random numbers that belong to one position, in order. */
export class RandomStream {
  readonly #key: readonly [number, number]
  readonly #counter: Uint32Array
  readonly #words = new Uint32Array(4)
  #used = 4

  constructor({ seed, purpose, index }: Position) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]
    this.#counter = Uint32Array.of(0, purpose, index, Math.floor(index / 2 ** 32))
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    if (this.#used === 4) {
      philoxBlocks(this.#counter, this.#key, this.#words, 4)
      this.#used = 0
    }
    return this.#words[this.#used++] ?? 0
  }

  /** A number in [0, 1): a multiple of 2^-32. */
  uniform(): number {
    return this.uint32() / 2 ** 32
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** True with a probability in [0, 1]. */
  bernoulli(probability: number): boolean {
    return this.uint32() < probability * 2 ** 32
  }

  /** An integer in [0, below), each equally likely; `below` is in [1, 2^32]. */
  int(below: number): number {
    // The words above the last full multiple of `below` would make small numbers likelier.
    const limit = 2 ** 32 - (2 ** 32 % below)
    let word = this.uint32()
    while (word >= limit) word = this.uint32()
    return word % below
  }

  /** A number from the standard normal distribution, within 6.4 of zero. */
  normal(): number {
    return standardNormal(this.uint32())
  }

  /** The integers in [0, count) in random order. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, position) => position)
    for (let last = count - 1; last > 0; last--) {
      const other = this.int(last + 1)
      const value = order[last] ?? 0
      order[last] = order[other] ?? 0
      order[other] = value
    }
    return order
  }

  /** Fills `out` with what as many calls of `uint32` would have drawn. */
  fillUint32(out: Uint32Array): void {
    let filled = 0
    while (filled < out.length && this.#used < 4) out[filled++] = this.#words[this.#used++] ?? 0
    const whole = filled + ((out.length - filled) & ~3)
    philoxBlocks(this.#counter, this.#key, out.subarray(filled, whole), whole - filled)
    for (let rest = whole; rest < out.length; rest++) out[rest] = this.uint32()
  }

  /**
   * Fills `out` with what as many calls of `between(low, high)` would have drawn, rounded to float32. Rounding may reach
   * `high` itself.
   */
  fillUniform(out: Float32Array, low: number, high: number): void {
    const width = (high - low) / 2 ** 32
    this.#fill(out, (word) => low + width * word)
  }

  /**
   * Fills `out` with `value` with the given probability, and with 0 otherwise, each number for itself.
   *
   * A byte decides most draws, and only one that falls on the boundary needs another number. So four draws cost little more
   * than one word, and the numbers are not those of `bernoulli`.
   */
  fillBernoulli(out: Float32Array, probability: number, value: number): void {
    const boundary = Math.floor(probability * 256)
    const rest = probability * 256 - boundary
    // A table, because a processor cannot foresee a branch that depends on a random number.
    const decided = new Float32Array(256).fill(value, 0, boundary)
    for (let at = 0; at < out.length; at += 4) {
      let word = this.uint32()
      const end = Math.min(at + 4, out.length)
      for (let i = at; i < end; i++) {
        const byte = word & 255
        word >>>= 8
        out[i] = decided[byte] ?? 0
        if (byte === boundary && rest > 0 && this.uniform() < rest) out[i] = value
      }
    }
  }

  /** Fills `out` with what as many calls of `normal` would have drawn, rounded to float32. */
  fillNormal(out: Float32Array): void {
    this.#fill(out, standardNormal)
  }

  /** Makes `out` a point of the sphere around zero, each equally likely: `out.length` dimensions, L2 norm `radius`. */
  fillSphere(out: Float32Array, radius: number): void {
    scale(this.#normals(out.length), radius, out)
  }

  /**
   * Makes `out` a point of the ball around zero, each equally likely: `out.length` dimensions, L2 norm at most `radius`.
   *
   * The first d coordinates of a point of the sphere in d + 2 dimensions are uniform in the ball, so no power is needed.
   *
   * @see Voelker, Gosmann & Stewart 2017, "Efficiently sampling vectors and coordinates from the n-sphere and n-ball"
   */
  fillBall(out: Float32Array, radius: number): void {
    scale(this.#normals(out.length + 2), radius, out)
  }

  #normals(count: number): Float64Array {
    const words = new Uint32Array(count)
    this.fillUint32(words)
    return Float64Array.from(words, standardNormal)
  }

  #fill(out: Float32Array, toNumber: (word: number) => number): void {
    const words = new Uint32Array(Math.min(out.length, 4096))
    for (let from = 0; from < out.length; from += words.length) {
      const count = Math.min(words.length, out.length - from)
      this.fillUint32(count === words.length ? words : words.subarray(0, count))
      for (let i = 0; i < count; i++) out[from + i] = toNumber(words[i] ?? 0)
    }
  }
}

/** A word's place in the normal distribution. Half a step up, because the quantile of 0 and of 1 is infinite. */
const standardNormal = (word: number): number => normalQuantile((word + 0.5) / 2 ** 32)

/** Writes the direction of `vector`, `radius` long, to `out`, which may be shorter. */
const scale = (vector: Float64Array, radius: number, out: Float32Array): void => {
  let squares = 0
  for (const coordinate of vector) squares += coordinate * coordinate
  const factor = radius / Math.sqrt(squares)
  for (let i = 0; i < out.length; i++) out[i] = (vector[i] ?? 0) * factor
}
