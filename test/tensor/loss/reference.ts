/** The losses as their papers write them, in doubles, one example at a time. */

type Logits = ReadonlyArray<number>

const logSoftmax = (z: Logits): Array<number> => {
  const top = Math.max(...z)
  const total = Math.log(z.reduce((sum, logit) => sum + Math.exp(logit - top), 0))
  return z.map((logit) => logit - top - total)
}

const at = (z: Logits, index: number): number => z[index] ?? Number.NaN
const bestWrong = (z: Logits, label: number) => Math.max(...z.filter((_, index) => index !== label))
const descending = (z: Logits) => [...z].sort((a, b) => b - a)

export const reference = {
  crossEntropy: (z: Logits, label: number, smoothing: number): number =>
    logSoftmax(z).reduce((sum, logP, index) => {
      const target = smoothing / z.length + (index === label ? 1 - smoothing : 0)
      return sum - target * logP
    }, 0),

  margin: (z: Logits, label: number): number => bestWrong(z, label) - at(z, label),

  dlr: (z: Logits, label: number): number => {
    const sorted = descending(z)
    return -(at(z, label) - bestWrong(z, label)) / (at(sorted, 0) - at(sorted, 2))
  },

  dlrTargeted: (z: Logits, label: number, target: number): number => {
    const sorted = descending(z)
    return -(at(z, label) - at(z, target)) / (at(sorted, 0) - (at(sorted, 2) + at(sorted, 3)) / 2)
  },

  kl: (clean: Logits, moved: Logits): number => {
    const [p, q] = [logSoftmax(clean), logSoftmax(moved)]
    return p.reduce((sum, logP, index) => sum + Math.exp(logP) * (logP - at(q, index)), 0)
  },

  /** The gradient by central differences. */
  slope: (f: (z: Logits) => number, z: Logits): Array<number> => {
    const h = 1e-5
    const moved = (index: number, by: number) => z.map((logit, i) => (i === index ? logit + by : logit))
    return z.map((_, index) => (f(moved(index, h)) - f(moved(index, -h))) / (2 * h))
  }
}
