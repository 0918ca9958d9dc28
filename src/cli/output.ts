/** The only place that writes to the terminal: results on standard output, everything else on standard error. */
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { jsonText } from "../text/json.ts"
import type { Sink, Timing } from "./reporter/reporter.ts"
import { fileLink } from "./view/file-link.ts"
import { type Style, styleFor, wantsColour } from "./view/style.ts"

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined

/** Writes completely before it returns: for results, and when the program is about to end. */
const write = (descriptor: 1 | 2, text: string): void => {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done)
    } catch (error) {
      // Nobody reads any more. Anything else (a full disk) is the command's failure.
      if (codeOf(error) === "EPIPE") return
      if (codeOf(error) !== "EAGAIN") throw error
      // The reader is slow. Waiting costs nothing while there is nothing else to do.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** What a run tells while it goes on. A reader that stands still must not hold up heartbeats, signals or the schedule. */
const makeQueue = (descriptor: 1 | 2) => {
  let waiting = Buffer.alloc(0)
  let broken = false
  let timer: NodeJS.Timeout | undefined

  const drain = (): void => {
    timer = undefined
    while (waiting.length > 0) {
      try {
        waiting = waiting.subarray(writeSync(descriptor, waiting))
      } catch (error) {
        if (codeOf(error) === "EAGAIN") {
          timer = setTimeout(drain, 20).unref()
          return
        }
        // Nobody reads, or the disk is full. The journal has everything; the run goes on.
        broken = true
        waiting = Buffer.alloc(0)
      }
    }
  }

  // What a reader has not taken by the end gets a little time more, and then is in the journal only.
  process.once("exit", () => {
    const deadline = performance.now() + 2_000
    while (waiting.length > 0 && performance.now() < deadline) {
      drain()
      if (waiting.length > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  })

  return (text: string): void => {
    if (broken) return
    waiting = Buffer.concat([waiting, Buffer.from(text)])
    if (timer === undefined) drain()
  }
}

export const printResult = (text: string) => Effect.sync(() => write(1, text))
/** Paths, a line each; a terminal can open them. */
export const printPaths = (paths: ReadonlyArray<string>) =>
  printResult(paths.map((path) => `${fileLink(path, wantsLinks())}\n`).join(""))
export const printJson = (value: unknown) => printResult(`${jsonText(value)}\n`)
export const printNote = (text: string) => Effect.sync(() => write(2, text))

const sinkOf = (descriptor: 1 | 2, stream: NodeJS.WriteStream): Sink => ({
  write: makeQueue(descriptor),
  columns: () => stream.columns ?? 80,
  rows: () => stream.rows ?? 24,
  isTerminal: stream.isTTY === true
})

export const stdoutSink = (): Sink => sinkOf(1, process.stdout)
export const stderrSink = (): Sink => sinkOf(2, process.stderr)

/** Where escape sequences are welcome, and a terminal reads them. */
const wantsLinks = (): boolean => process.stdout.isTTY === true && wantsColour(process.env, true)

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
