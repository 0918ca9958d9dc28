/** Runs a program to its end, takes the time of the whole process, and fails when it fails. */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  /** Added to what every command gets. */
  readonly environment?: { readonly [name: string]: string }
}

export interface Ended {
  /** From the start of the process to its end, its output read. */
  readonly seconds: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * The environment without what npm and this project's own settings put there, so that every program starts as from a
 * fresh shell. Without `node_modules/.bin` on the path, `node` is the system's.
 */
export const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|PIPELINE_|MLFLOW_|NODE_|INIT_CWD)/i.test(name))
  ),
  PATH: (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter(
      (directory) => !directory.endsWith(join("node_modules", ".bin")) && !directory.includes("node-gyp-bin")
    )
    .join(delimiter)
}

export const run = ({ file, args, cwd, environment: more = {} }: Command): Ended => {
  const start = process.hrtime.bigint()
  const { status, signal, error, stdout, stderr } = spawnSync(file, args, {
    cwd,
    env: { ...environment, ...more },
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"]
  })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  if (error !== undefined) throw error
  if (status !== 0) {
    const output = `${stdout}\n${stderr}`.trim().split("\n").slice(-20).join("\n")
    throw new Error(`${[file, ...args].join(" ")} ended with ${status ?? signal}\n${output}`)
  }
  return { seconds, stdout, stderr }
}

/** Where the shell would find a program; `undefined` where it is not installed. */
export const find = (program: string): string | undefined =>
  (environment["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path))

/** How many lines of a text match. */
export const countLines = (text: string, pattern: RegExp): number =>
  text.split("\n").filter((line) => pattern.test(line)).length
