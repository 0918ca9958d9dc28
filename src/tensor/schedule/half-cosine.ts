/** Half a cosine without the platform's `cos`, whose last digit differs from one to the next. */

/** `(1 + cos(pi t)) / 2` for `t` in [0, 1]: from 1 down to 0. */
export const halfCosine = (t: number): number => (1 + (t <= 0.5 ? cosine(t) : -cosine(1 - t))) / 2

/** `cos(pi t)` for `t` in [0, 1/2], by its Taylor series; eleven terms leave an error below 1e-17. */
const cosine = (t: number): number => {
  const square = -(Math.PI * t) * (Math.PI * t)
  let sum = 1
  for (let order = 20; order >= 2; order -= 2) sum = 1 + (sum * square) / (order * (order - 1))
  return sum
}
