/** The uploader as `pipeline run` starts it, with its memory watched from outside. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { uploaderFlags } from "../../src/cli/uploader-process.ts"
import { environment } from "../rig/command.ts"

const root = join(import.meta.dirname, "..", "..")

const builtCommandLine = (): string => {
  const { app }: { readonly app: string } = JSON.parse(readFileSync(join(root, "dist", "build.json"), "utf8"))
  return join(root, "dist", app, "cli.js")
}

export interface Uploaded {
  readonly seconds: number
  /** Of the process's memory, in megabytes; NaN where the system does not tell. */
  readonly peak: number
}

/** Sends a finished run. Throws unless the server has all of it. */
export const upload = (run: string, store: string, server: string): Promise<Uploaded> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(
      process.execPath,
      [...uploaderFlags, builtCommandLine(), "track", "sync", run, "--follow", "--store", store],
      { env: { ...environment, MLFLOW_TRACKING_URI: server }, stdio: ["ignore", "pipe", "inherit"] }
    )
    let [output, peak] = ["", Number.NaN]
    child.stdout.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-10_000)
    })
    const watch = setInterval(() => {
      peak = peakOf(child.pid) ?? peak
    }, 50)
    child.once("error", reject)
    child.once("close", () => {
      clearInterval(watch)
      if (output.includes('"_tag":"Done"')) resolve({ seconds: (performance.now() - start) / 1000, peak })
      else
        reject(new Error(`the uploader did not finish:\n${output.trim().split("\n").slice(-3).join("\n")}`))
    })
  })

const peakOf = (pid: number | undefined): number | undefined => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
    return found === null ? undefined : (Number(found[1]) * 1024) / 1e6
  } catch {
    return undefined
  }
}
