/**
 * Which process this is, in words that another process can check.
 *
 * A process number means something in one process namespace of one running system, and only until it is given away again. So
 * a process is a place, a number there, and the moment at which the system started it.
 */
import { randomUUID } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { digestOf } from "./digest.ts"
import { isSystemError } from "./disk.ts"

export interface ProcessIdentity {
  /** For people. */
  readonly host: string
  /** Equal only for processes that see each other under the same numbers. */
  readonly place: string
  readonly pid: number
  /** When it was started, as the system counts; empty where the system does not tell. */
  readonly started: string
}

/** What proc(5) has of a process: its state (field 3), and when it was started (field 22). */
const statOf = (pid: number): { readonly state: string; readonly started: string } | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The second field is a name in brackets, which may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return { state: fields[0] ?? "", started: fields[19] ?? "" }
  } catch {
    // It has ended, may not be looked at, or this system has no /proc.
    return undefined
  }
}

const linkOf = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

const runningSystem = (): string | undefined => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
  } catch {
    return undefined
  }
}

/**
 * Host name, running system and namespaces together. Two containers may have one host name; starts are counted from another
 * moment in another time namespace.
 */
const thisPlace = (): string => {
  const self = linkOf("/proc/self")
  if (self === undefined) return hostname()
  // A /proc of other numbers than our own says nothing of anybody.
  if (self !== String(process.pid)) return randomUUID()
  const namespaces = ["pid", "time"].map((name) => linkOf(`/proc/self/ns/${name}`) ?? "")
  const system = runningSystem()
  // A sandbox may hide it: then nothing is sure of anybody, and heartbeats decide.
  if (system === undefined) return randomUUID()
  return digestOf([hostname(), system, ...namespaces].join(" ")).slice(0, 16)
}

let known: ProcessIdentity | undefined

/** This process. */
export const thisProcess = (): ProcessIdentity => {
  known ??= {
    host: hostname(),
    place: thisPlace(),
    pid: process.pid,
    started: statOf(process.pid)?.started ?? ""
  }
  return known
}

/** Whether a process has surely ended. Of one elsewhere nothing is sure. */
export const hasEnded = ({ place, pid, started }: ProcessIdentity): boolean => {
  if (place !== thisProcess().place) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Anything else, and it is not ours to signal, but there.
    if (isSystemError(error) && error.code === "ESRCH") return true
  }
  const stat = statOf(pid)
  // One that nobody has asked after is dead all the same; and its number may be another's by now.
  return stat !== undefined && (/[ZX]/.test(stat.state) || stat.started !== started)
}
