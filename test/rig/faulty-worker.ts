/**
 * A worker one of whose file system calls in the store fails, as the test orders.
 *
 * The worker is the real one, in a process of its own. Its script is one line that the test writes, which comes here.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { type Call, type CallFault, interceptCalls } from "./failing-calls.ts"

export interface Orders {
  /** Calls elsewhere are nobody's business. */
  readonly store: string
  /** The call that fails, counted from 0 over all workers of a run. */
  readonly at?: number
  readonly fault?: CallFault
  /** Every call fails that concerns a path with this in it, as if no space were left there. */
  readonly full?: string
}

/** The test's side: writes the script, gives orders, and hears what the workers called. */
export class FaultyWorker {
  readonly script: string
  readonly #directory: string

  /** @param directory of the test, where this may write */
  constructor(directory: string) {
    this.#directory = directory
    this.script = join(directory, "faulty-worker.ts")
    const here = JSON.stringify(import.meta.filename)
    const text = `import { work } from ${here}\nawait work(${JSON.stringify(directory)})\n`
    writeFileSync(this.script, text)
  }

  /** From the next stage on this holds; counting begins anew. */
  order(orders: Orders): void {
    writeFileSync(callsIn(this.#directory), "")
    writeFileSync(ordersIn(this.#directory), JSON.stringify(orders))
  }

  /** What was called since the last order. */
  calls(): ReadonlyArray<Call> {
    return linesOf(callsIn(this.#directory)).map((line) => JSON.parse(line))
  }
}

const ordersIn = (directory: string): string => join(directory, "orders.json")
const callsIn = (directory: string): string => join(directory, "calls.jsonl")
const linesOf = (path: string): ReadonlyArray<string> =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")

/** Becomes a worker. */
export const work = async (directory: string): Promise<void> => {
  let orders: Orders = { store: "" }
  let number = 0
  let isListening = false
  // Before the worker hears of a job, so that the orders are known by then.
  process.on("message", () => {
    isListening = false
    if (!existsSync(ordersIn(directory))) return
    orders = JSON.parse(readFileSync(ordersIn(directory), "utf8"))
    // Another worker may have begun.
    number = linesOf(callsIn(directory)).length
    isListening = true
  })
  interceptCalls((call) => {
    if (!isListening || !call.path.startsWith(`${orders.store}/`)) return undefined
    isListening = false
    appendFileSync(callsIn(directory), `${JSON.stringify(call)}\n`)
    isListening = true
    if (orders.full !== undefined && call.path.includes(orders.full))
      return { code: "ENOSPC", done: "nothing" }
    return number++ === orders.at ? orders.fault : undefined
  })
  await import("../../src/worker/main.ts")
}
