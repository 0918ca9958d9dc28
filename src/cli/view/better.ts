/** Which of two values of a metric is the better one, as far as its name tells. */

const lower = /(^|[_./ -])(loss|error|errors|checks_failed)($|[_./ -])/i
const higher = /(^|[_./ -])(acc|accuracy|score|auc|f1|recall|precision)($|[_./ -])/i

/** False where the name says nothing, and for values that are no numbers; any number is better than none. */
export const isBetter = (metric: string, a: number, b: number): boolean => {
  if (!Number.isFinite(a)) return false
  if (lower.test(metric)) return !Number.isFinite(b) || a < b
  return higher.test(metric) && (!Number.isFinite(b) || a > b)
}
