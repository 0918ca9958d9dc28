/** What the command line knows of itself and of where it was started. */
import { existsSync, readFileSync } from "node:fs"
import * as os from "node:os"
import { homedir, hostname, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import type { Provenance } from "../artifact/action.ts"

/** The directory of this package: the nearest one above this file with its package.json. */
export const packageRoot: string = (() => {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    if (existsSync(join(directory, "package.json"))) return directory
  }
})()

const PackageJson = Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String }))

export const program = Schema.decodeUnknownSync(PackageJson)(
  readFileSync(join(packageRoot, "package.json"), "utf8")
)

/** The worker's script lies beside the built command line; from source it is run as it is. */
export const workerEntry: string = (() => {
  const built = fileURLToPath(new URL("./worker.js", import.meta.url))
  return existsSync(built) ? built : join(packageRoot, "src", "worker", "main.ts")
})()

/** Where downloaded data sets are kept. */
export const dataCache = (environment: NodeJS.ProcessEnv): string =>
  join(environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), program.name, "data")

export const provenanceOf = (run: string): Provenance => ({
  host: hostname(),
  ...userOf(),
  machine: `${process.platform} ${process.arch}, ${os.cpus()[0]?.model ?? "unknown processor"}`,
  node: process.versions.node,
  program: `${program.name} ${program.version}`,
  run,
  pid: process.pid
})

/** A container may run under a number that has no name. */
const userOf = (): Pick<Provenance, "user"> => {
  try {
    return { user: userInfo().username }
  } catch {
    return {}
  }
}
