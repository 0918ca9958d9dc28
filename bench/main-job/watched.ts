/** Runs a program on some cores to its end, and watches the memory of all its processes meanwhile. */
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { text } from "node:stream/consumers"
import { pinned } from "../engine/pin.ts"
import { type Command, type Ended, environment } from "../rig/command.ts"

export interface Watched extends Ended {
  /** Resident memory of the program and of what it started, in MB, at its highest; `NaN` where the system does not say. */
  readonly peak: number
  /** The same of the one process that took most. */
  readonly largest: number
}

/** How often the memory is looked at, in milliseconds. */
const interval = 250

/** Fails when the program fails. */
export const watch = async (command: Command, cores: number): Promise<Watched> => {
  const [file = "", ...args] = pinned(cores, [command.file, ...command.args])
  const start = process.hrtime.bigint()
  const child = spawn(file, args, {
    cwd: command.cwd,
    env: { ...environment, ...command.environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const kill = (): void => void child.kill()
  process.on("exit", kill)
  const peaks = { peak: Number.NaN, largest: Number.NaN }
  const timer = setInterval(() => look(child.pid, peaks), interval)
  try {
    const ended = new Promise<number | null>((resolve, reject) =>
      child.on("error", reject).on("close", resolve)
    )
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    const seconds = Number(process.hrtime.bigint() - start) / 1e9
    if (status !== 0) {
      const output = stderr.trim().split("\n").slice(-20).join("\n")
      throw new Error(
        `${[file, ...args].join(" ").slice(0, 200)} ended with ${status ?? child.signalCode}\n${output}`
      )
    }
    return { seconds, stdout, stderr, ...peaks }
  } finally {
    clearInterval(timer)
    process.off("exit", kill)
  }
}

const look = (pid: number | undefined, peaks: { peak: number; largest: number }): void => {
  if (pid === undefined) return
  const sizes = familyOf(pid).map(residentMemory)
  if (sizes.length === 0) return
  const sum = sizes.reduce((total, size) => total + size, 0)
  // `NaN`, nothing seen yet, is not larger than anything.
  if (!(peaks.peak >= sum)) peaks.peak = sum
  const largest = Math.max(...sizes)
  if (!(peaks.largest >= largest)) peaks.largest = largest
}

/** A process and all that descend from it; none where the system does not say. */
const familyOf = (pid: number): ReadonlyArray<number> => {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number)
    )
    return [pid, ...children.flatMap(familyOf)]
  } catch {
    // It has ended in between.
    return []
  }
}

const residentMemory = (pid: number): number => {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
    return (Number(found?.[1] ?? 0) * 1024) / 1e6
  } catch {
    return 0
  }
}
