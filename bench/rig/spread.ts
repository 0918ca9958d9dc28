/** Repeated measurements: taken in turns, told as the median with the smallest and the largest. */
import { setImmediate } from "node:timers/promises"

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const low = sorted[Math.floor(middle)] ?? Number.NaN
  const high = sorted[Math.ceil(middle)] ?? Number.NaN
  return {
    median: (low + high) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    count: sorted.length
  }
}

/** One of several things that are measured against each other. */
export interface Contestant {
  readonly name: string
  /** Measures once. */
  once(): number
}

/**
 * Measures everybody once per round, in an order that moves on from round to round: whatever else the machine does falls on
 * all of them alike.
 */
export const takeTurns = async (
  contestants: ReadonlyArray<Contestant>,
  rounds: number
): Promise<ReadonlyMap<string, Spread>> => {
  const values = new Map(contestants.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      // Between two of them, Ctrl-C is heard.
      await setImmediate()
      const contestant = contestants[(round + turn) % contestants.length]
      if (contestant !== undefined) values.get(contestant.name)?.push(contestant.once())
    }
  }
  return new Map([...values].map(([name, each]) => [name, spreadOf(each)]))
}
