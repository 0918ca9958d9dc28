/**
 * Randomness by position.
 *
 * A counter-based generator has no state to pass on: the n-th number of a stream is a function of (seed, purpose, index,
 * n). So image 4711 is the same whether it is drawn alone, in another chunk or in another process. Everything here is
 * made of integer operations, `+ - * /` and square roots, which IEEE 754 fixes to the last bit on every machine.
 */

/**
 * Philox4x32 with ten rounds: four random 32-bit words from a 128-bit counter and a 64-bit key.
 *
 * @param out takes the four words; may be the same array as `counter`
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405
 */
export const philox4x32 = (counter: Words, key: readonly [number, number], out: Words): void => {
  let [c0, c1, c2, c3] = [counter[0] ?? 0, counter[1] ?? 0, counter[2] ?? 0, counter[3] ?? 0]
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(multiplier0, c0)
    const low0 = Math.imul(multiplier0, c0)
    const high1 = highProduct(multiplier1, c2)
    const low1 = Math.imul(multiplier1, c2)
    c0 = high1 ^ c1 ^ k0
    c2 = high0 ^ c3 ^ k1
    c1 = low1
    c3 = low0
    k0 = (k0 + weyl0) | 0
    k1 = (k1 + weyl1) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/** Four words of 32 bits. */
export type Words = Uint32Array

const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
// The golden ratio and the square root of three, as fractions of 2^32.
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85

/** Bits 32 to 63 of a 64-bit product, by halves: a double would round it. */
const highProduct = (a: number, b: number): number => {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16)
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff)
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0
}

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
  readonly #counter: Words
  readonly #words: Words = new Uint32Array(4)
  #used = 4

  constructor({ seed, purpose, index }: Position) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0]
    this.#counter = Uint32Array.of(0, purpose, index, Math.floor(index / 2 ** 32))
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#words)
      // A stream is 2^34 numbers long; nobody draws so many for one position.
      this.#counter[0] = (this.#counter[0] ?? 0) + 1
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
    // Half a step up, so that neither 0 nor 1 comes out, where the quantile is infinite.
    return normalQuantile((this.uint32() + 0.5) / 2 ** 32)
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
}

/**
 * The normal distribution's quantile, to about nine digits.
 *
 * @see Acklam's rational approximation, relative error below 1.15e-9
 */
export const normalQuantile = (probability: number): number => {
  const tail = Math.min(probability, 1 - probability)
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * logarithm(tail))
    const x = polynomial(tailNumerator, q) / (polynomial(tailDenominator, q) * q + 1)
    return probability < 0.5 ? x : -x
  }
  const q = probability - 0.5
  const r = q * q
  return (q * polynomial(centreNumerator, r)) / (polynomial(centreDenominator, r) * r + 1)
}

const polynomial = (coefficients: ReadonlyArray<number>, x: number): number => {
  let value = 0
  for (const coefficient of coefficients) value = value * x + coefficient
  return value
}

const centreNumerator = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239
]
const centreDenominator = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1
]
const tailNumerator = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783
]
const tailDenominator = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416]

/** The natural logarithm of a positive number. `Math.log` may differ in its last bit between engines. */
export const logarithm = (x: number): number => {
  let mantissa = x
  let exponent = 0
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2
    exponent--
  }
  while (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  // log m = 2 artanh s; with |s| below 0.172, twelve terms leave an error below 1e-19.
  const s = (mantissa - 1) / (mantissa + 1)
  let sum = 0
  for (let power = 23; power >= 1; power -= 2) sum = sum * s * s + 1 / power
  return 2 * s * sum + exponent * Math.LN2
}
