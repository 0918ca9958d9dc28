/** Means of measurements that were repeated. */

export interface Mean {
  readonly mean: number
  /** The sample deviation over the root of the number of values; `null` of a single one, which does not tell. */
  readonly standardError: number | null
}

/** `undefined` of no value. */
export const meanOf = (values: ReadonlyArray<number>): Mean | undefined => {
  const count = values.length
  if (count === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return { mean, standardError: null }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, standardError: Math.sqrt(squares / (count - 1) / count) }
}
