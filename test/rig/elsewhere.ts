/**
 * Commands on another host that shares the store: another host name, process numbers that mean nothing here, and clocks that
 * are hours away from ours.
 *
 * Where the system lets us, that host has namespaces of its own. Elsewhere the command is told so: what it asks for its host's
 * name, and whether a process is there, it gets another host's answers.
 */
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { Command } from "./cli.ts"
import { repository, type TestProject } from "./project.ts"

export const otherHost = "other-host"

/** Host name, process numbers and the monotonic clock of its own. */
const namespaces = [
  "--uts",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--time",
  "--monotonic",
  "100000"
]

const hasNamespaces = spawnSync("unshare", [...namespaces, "hostname", otherHost]).status === 0

const clocks = `
const [date, monotonic] = [Date.now, process.hrtime.bigint]
Date.now = () => date() - 7_200_000
process.hrtime.bigint = () => monotonic() + 3_600_000_000_000n
`

const strangers = `
import os from "node:os"
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
os.hostname = () => "${otherHost}"
const kill = process.kill
process.kill = (pid, signal) => {
  if (signal === 0) throw Object.assign(new Error("no such process"), { code: "ESRCH" })
  return kill.call(process, pid, signal)
}
syncBuiltinESMExports()
`

/** Starts a command on the other host. It is killed with its test if it does not end. */
export const startElsewhere = (project: TestProject, args: ReadonlyArray<string>): Command => {
  const preload = join(project.root, "elsewhere.mjs")
  writeFileSync(preload, `${hasNamespaces ? "" : strangers}${clocks}`)
  const env = { NODE_OPTIONS: `--import=${preload}` }
  const pipeline = join(repository, "bin/pipeline")
  const named = ["sh", "-c", `hostname ${otherHost} && exec "$0" "$@"`, pipeline, ...args]
  const command = hasNamespaces
    ? new Command([...namespaces, ...named], project.root, env, "unshare")
    : new Command(args, project.root, env)
  onTestFinished(() => {
    if (!command.isOver) command.signal("SIGKILL", "group")
  })
  return command
}
