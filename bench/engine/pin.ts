/** Holds a process to some cores, so that helper threads of its runtime cannot take a core more than the other side has. */
import { readFileSync } from "node:fs"
import { find } from "../rig/command.ts"

/** How a program is started on so many cores: its own words where nothing can hold it. */
export const pinned = (threads: number, words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const taskset = find("taskset")
  const cores = allowedCores()
  if (taskset === undefined || cores.length < threads) return words
  return [taskset, "-c", cores.slice(0, threads).join(), ...words]
}

/** Whether processes can be held to cores here. */
export const canPin = (): boolean => pinned(1, []).length > 0

/** The cores that this process may use; none where the system does not say. */
const allowedCores = (): ReadonlyArray<number> => {
  try {
    const [, list = ""] = /Cpus_allowed_list:\s+(\S+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? []
    return list.split(",").flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split("-").map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  } catch {
    return []
  }
}
