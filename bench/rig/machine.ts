/** Says on what the figures were measured. */
import { availableParallelism, cpus, loadavg } from "node:os"
import { find, run } from "./command.ts"

export const machine = (): string => {
  const model = cpus()[0]?.model ?? "unknown processor"
  return `${availableParallelism()} cores, ${process.platform} ${process.arch}, ${model}, load ${loadavg()[0]?.toFixed(1)}`
}

/** The nodes that a start-up time can be compared with: the one that runs this, and the system's. */
export const nodes = (): ReadonlyArray<{ readonly name: string; readonly file: string }> => {
  const system = find("node")
  const bundled = { name: `node -e 0 (bundled, ${process.version})`, file: process.execPath }
  if (system === undefined || system === process.execPath) return [bundled]
  const version = run({ file: system, args: ["--version"], cwd: "/" }).stdout.trim()
  return [bundled, { name: `node -e 0 (system, ${version})`, file: system }]
}
