/**
 * How the bench talks to the processes that it measures, ours and theirs.
 *
 * A process gets its work as JSON in its first argument, prepares it, runs it a few times, and says `ready`. Each line that it
 * then reads is a number of seconds; it works for so long and says what it did. When its input ends, it says what memory it
 * took.
 */
import { Schema } from "effect"
import { NetworkName, TaskName } from "./cases.ts"

export const Work = Schema.Struct({
  task: TaskName,
  network: NetworkName,
  threads: Schema.Int,
  batchSize: Schema.Int
})
export type Work = typeof Work.Type

export const Ready = Schema.Struct({
  /** What computes, with its version. */
  ready: Schema.String
})

export const Measured = Schema.Struct({
  images: Schema.Int,
  seconds: Schema.Finite
})
export type Measured = typeof Measured.Type

export const Peak = Schema.Struct({
  /** Resident memory at its highest, in MB. */
  peak: Schema.Finite
})
