/**
 * Moves values by epsilon times a direction whose values are in [-1, 1], without leaving [0, 1] or going further than
 * epsilon. All arrays have one length; `out` may be `clean` itself.
 *
 * The limits are rounded to float32 exactly as the attack's own (ball.ts): with epsilon 0 nothing moves by a bit.
 */
export const move = (
  clean: Float32Array,
  direction: Float32Array,
  epsilon: number,
  out: Float32Array
): void => {
  const radius = Math.fround(epsilon)
  for (let i = 0; i < clean.length; i++) {
    const value = clean[i] ?? 0
    const lowest = Math.max(0, Math.fround(value - radius))
    const highest = Math.min(1, Math.fround(value + radius))
    out[i] = Math.min(highest, Math.max(lowest, value + radius * (direction[i] ?? 0)))
  }
}
