/** A process that is measured: asked for seconds of work, it says what it did; in between it waits (protocol.ts). */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Schema } from "effect"
import { pinned } from "./pin.ts"
import { Measured, Peak, Ready, type Work } from "./protocol.ts"

/** One of those who are measured. */
export interface Side {
  readonly name: string
  /** How its program is called with some work. */
  readonly command: (work: string) => ReadonlyArray<string>
}

export interface MeasuredProcess {
  /** What computes, with its version. */
  readonly engine: string
  /** Lets it work for so many seconds, or for one run if that takes longer. */
  readonly measure: (seconds: number) => Promise<Measured>
  /** Ends it, and gives the memory that it took, in MB. */
  readonly end: () => Promise<number>
  /** Ends it, whatever it does. */
  readonly kill: () => void
}

const decodeReady = Schema.decodeUnknownSync(Schema.fromJsonString(Ready))
const decodeMeasured = Schema.decodeUnknownSync(Schema.fromJsonString(Measured))
const decodePeak = Schema.decodeUnknownSync(Schema.fromJsonString(Peak))

const running = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

/** Starts a side on its cores, and waits until it is ready to be measured. */
export const startProcess = async (side: Side, work: Work): Promise<MeasuredProcess> => {
  const [file = "", ...args] = pinned(work.threads, side.command(JSON.stringify(work)))
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] })
  running.add(child)
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  // Writing to a process that has died is told by its missing answer.
  child.stdin.on("error", () => {})
  const failed = new Promise<never>((_, reject) => child.on("error", reject))
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()))
  failed.catch(() => {})
  void closed.then(() => running.delete(child))

  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<string> => {
    const { done, value } = await Promise.race([lines.next(), failed])
    if (done !== true) return value
    await closed
    throw new Error(
      `${side.name}, ${work.task} ${work.network}: ended with ${child.exitCode ?? child.signalCode}\n${errors}`
    )
  }
  return {
    engine: await answer()
      .then((text) => decodeReady(text).ready)
      .catch((error) => {
        child.kill("SIGKILL")
        throw error
      }),
    measure: async (seconds) => {
      child.stdin.write(`${seconds}\n`)
      return decodeMeasured(await answer())
    },
    end: async () => {
      child.stdin.end()
      const { peak } = decodePeak(await answer())
      await closed
      return peak
    },
    kill: () => child.kill("SIGKILL")
  }
}
