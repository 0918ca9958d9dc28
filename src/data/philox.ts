/**
 * Philox4x32 with ten rounds: four random 32-bit words from a 128-bit counter and a 64-bit key.
 *
 * @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405
 */

/**
 * Fills the first `count` words of `out`, a multiple of four, from consecutive counters, and advances `counter` past them.
 *
 * Only the counter's first word counts up: it wraps after 2^34 words, and nobody draws so many for one position.
 *
 * @param counter four words; never the same array as `out`
 */
export const philoxBlocks = (
  counter: Uint32Array,
  key: readonly [number, number],
  out: Uint32Array,
  count: number
): void => {
  const [key0, key1] = key
  const block = counter[0] ?? 0
  const [counter1, counter2, counter3] = [counter[1] ?? 0, counter[2] ?? 0, counter[3] ?? 0]
  for (let at = 0; at < count; at += 4) {
    let c0 = block + at / 4
    let c1 = counter1
    let c2 = counter2
    let c3 = counter3
    let k0 = key0
    let k1 = key1
    for (let round = 0; round < 10; round++) {
      const high0 = highProduct(multiplier0High, multiplier0Low, c0)
      const low0 = Math.imul(multiplier0, c0)
      const high1 = highProduct(multiplier1High, multiplier1Low, c2)
      const low1 = Math.imul(multiplier1, c2)
      c0 = high1 ^ c1 ^ k0
      c2 = high0 ^ c3 ^ k1
      c1 = low1
      c3 = low0
      k0 = (k0 + weyl0) | 0
      k1 = (k1 + weyl1) | 0
    }
    out[at] = c0
    out[at + 1] = c1
    out[at + 2] = c2
    out[at + 3] = c3
  }
  counter[0] = block + count / 4
}

const multiplier0 = 0xd2511f53
const multiplier0High = 0xd251
const multiplier0Low = 0x1f53
const multiplier1 = 0xcd9e8d57
const multiplier1High = 0xcd9e
const multiplier1Low = 0x8d57
// The golden ratio and the square root of three, as fractions of 2^32.
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85

/** Bits 32 to 63 of a 64-bit product, by halves: a double would round it. */
const highProduct = (aHigh: number, aLow: number, b: number): number => {
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  // Neither sum exceeds 32 bits: a product of halves is at most 2^32 - 2^17 + 1.
  const middle = Math.imul(aLow, bHigh) + (Math.imul(aLow, bLow) >>> 16)
  const carry = Math.imul(aHigh, bLow) + (middle & 0xffff)
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0
}
