/** One case, by all sides in turns. */
import { type Spread, spreadOf } from "../rig/spread.ts"
import { batchSize, type Case } from "./cases.ts"
import { type MeasuredProcess, type Side, startProcess } from "./measured-process.ts"

export interface Rates {
  readonly name: string
  /** What computed, with its version. */
  readonly engine: string
  /** Images per second. */
  readonly rate: Spread
  /** In MB, of the whole process. */
  readonly peak: number
}

/**
 * Every side has a process of its own, and one of them works at a time; who is first moves on from round to round. So
 * whatever else the machine does falls on all of them alike.
 */
export const measureCase = async (options: {
  readonly sides: ReadonlyArray<Side>
  readonly case: Case
  readonly threads: number
  readonly rounds: number
  readonly seconds: number
}): Promise<ReadonlyArray<Rates>> => {
  const { sides, threads, rounds, seconds } = options
  const { task, network } = options.case
  const started: Array<{ readonly name: string; readonly rates: Array<number>; process: MeasuredProcess }> =
    []
  try {
    // One after the other: preparing is work, too.
    for (const side of sides) {
      const process = await startProcess(side, { task, network, threads, batchSize })
      started.push({ name: side.name, rates: [], process })
    }
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < started.length; turn++) {
        const each = started[(round + turn) % started.length]
        if (each === undefined) continue
        const measured = await each.process.measure(seconds)
        each.rates.push(measured.images / measured.seconds)
      }
    }
    const told: Array<Rates> = []
    for (const { name, rates, process } of started)
      told.push({ name, engine: process.engine, rate: spreadOf(rates), peak: await process.end() })
    return told
  } finally {
    for (const { process } of started) process.kill()
  }
}
