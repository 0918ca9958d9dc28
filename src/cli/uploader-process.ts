/** The process that sends a run to a tracking server while the run goes on. It outlives the command that started it. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { getCompileCacheDir } from "node:module"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Option } from "effect"
import { decodeReport, type Report } from "../track/upload/report.ts"
import { packageRoot } from "./program.ts"

/** The command line lies where this file was built into; from source it is run as it is. */
const commandLine = (): string => {
  const built = fileURLToPath(new URL("./cli.js", import.meta.url))
  return existsSync(built) ? built : join(packageRoot, "src", "cli", "main.ts")
}

/** It works in small pieces: a heap that grows with a long run would only wait to be collected. */
export const uploaderFlags = [
  "--max-semi-space-size=1",
  "--optimize-for-size",
  "--disable-warning=ExperimentalWarning"
]

export interface UploaderProcess {
  /** Says that the run has told everything. */
  runIsOver(): void
  /** Lets it go on alone, while this process ends. */
  release(): void
}

export interface Listener {
  readonly report: (report: Report) => void
  /** It ended, or could not be started. */
  readonly ended: () => void
}

export const startUploader = (run: string, store: string, listener: Listener): UploaderProcess => {
  const cache = getCompileCacheDir()
  const child = spawn(
    process.execPath,
    [...uploaderFlags, commandLine(), ...["track", "sync", run, "--follow", "--store", resolve(store)]],
    {
      env: { ...process.env, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
      // Ctrl-C is for the run. What there is to say of it, this process says afterwards.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"]
    }
  )
  listen(child, listener)
  return {
    runIsOver: () => void child.stdin?.end(),
    release: () => {
      child.stdin?.destroy()
      child.stdout?.destroy()
      child.unref()
    }
  }
}

const listen = (child: ChildProcess, { report, ended }: Listener): void => {
  let rest = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) Option.map(decodeReport(line), report)
  })
  child.once("close", ended)
  child.once("error", ended)
  // It ended while it was told something.
  child.stdin?.on("error", () => {})
}
