/** The normal distribution without the platform's libm, whose last digits differ from one to the next. */

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
