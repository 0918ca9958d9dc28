/** The only place that writes to the terminal: results on standard output, everything else on standard error. */
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { jsonText } from "../text/json.ts"
import type { Sink, Timing } from "./reporter/reporter.ts"
import { type Style, styleFor } from "./view/style.ts"

/** Writes at once and completely, also when the process is about to end and the other end reads slowly. */
const write = (descriptor: 1 | 2, text: string): void => {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done)
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      // A pipe that is full for the moment; one that nobody reads any more.
      if (code === "EAGAIN") continue
      if (code === "EPIPE") return
      throw error
    }
  }
}

export const printResult = (text: string) => Effect.sync(() => write(1, text))
export const printJson = (value: unknown) => printResult(`${jsonText(value)}\n`)
export const printNote = (text: string) => Effect.sync(() => write(2, text))

const sinkOf = (descriptor: 1 | 2, stream: NodeJS.WriteStream): Sink => ({
  write: (text) => write(descriptor, text),
  columns: () => stream.columns ?? 80,
  rows: () => stream.rows ?? 24,
  isTerminal: stream.isTTY === true
})

export const stdoutSink = (): Sink => sinkOf(1, process.stdout)
export const stderrSink = (): Sink => sinkOf(2, process.stderr)

export const resultStyle = (): Style => styleFor(process.env, process.stdout.isTTY === true)
export const noteStyle = (): Style => styleFor(process.env, process.stderr.isTTY === true)

/** The width that text on standard output should fit; none where it goes to a file or a program. */
export const resultWidth = (): number | undefined =>
  process.stdout.isTTY === true ? process.stdout.columns : undefined

export const timing: Timing = {
  now: () => Date.now(),
  after: (millis, action) => {
    const timer = setTimeout(action, millis).unref()
    return () => clearTimeout(timer)
  }
}
