/** Powers without the platform's `pow`, whose last digit differs from one to the next. */

/** `base` to a non-negative integer `exponent`, by squaring. */
export const power = (base: number, exponent: number): number => {
  let result = 1
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square
    square *= square
  }
  return result
}
