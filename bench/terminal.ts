/**
 * `terminal`: what do the live lines of a run cost?
 *
 * Two stages that wait and tell their progress as often as it is listened to, twenty times a second, on a terminal of 80 columns and
 * into a pipe, in turns. Told is the processor time of the command's own process, without its workers, in the middle of the run.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Bench } from "./rig/bench.ts"
import { environment, find } from "./rig/command.ts"
import { frameworkImports, makeProject, removeStore } from "./rig/ours.ts"
import { discard } from "./rig/scratch.ts"
import { spreadOf } from "./rig/spread.ts"

const program = join(import.meta.dirname, "..", "bin", "pipeline")
const defaultRounds = 3
const stages = 2
/** Before and within the stretch that is measured. */
const [before, during] = [4, 20]

const project = {
  "stages/waits.ts": `${frameworkImports}
import { Effect, Schema } from "effect"

export const waits = Stage.make("waits", {
  inputs: {},
  params: Schema.Struct({ index: Schema.Int, seconds: Schema.Int }),
  output: Table,
  *run(_, { index, seconds }) {
    for (let step = 0; step < seconds * 20; step++) {
      yield* Progress.report(step * 128, seconds * 20 * 128, "images")
      yield* Effect.sleep("50 millis")
    }
    return { title: "waits", columns: [{ name: "index", type: "number" as const }], rows: [[index]] }
  }
})
`,
  "pipelines/waits.ts": `${frameworkImports}
import { Schema } from "effect"
import { waits } from "../stages/waits.ts"

export default Pipeline.make("waits", {
  description: "stages that wait",
  params: Schema.Struct({ seconds: Schema.Int }),
  presets: { only: { seconds: ${before + during + 4} } },
  defaultPreset: "only",
  build: ({ seconds }) => ({ node: Array.from({ length: ${stages} }, (_, index) => waits({}, { index, seconds })) })
})
`
}

export const terminal: Bench = {
  name: "terminal",
  run: async (report, { rounds = defaultRounds }) => {
    report.heading(`terminal: ${stages} stages that tell their progress, on a terminal and into a pipe`)
    if (process.platform !== "linux" || find("script") === undefined)
      return report.skip("terminal", "it takes Linux, and `script` of util-linux")
    const directory = makeProject("terminal", project)
    const shares = { terminal: [] as Array<number>, pipe: [] as Array<number> }
    try {
      for (let round = 0; round < rounds; round++) {
        shares.terminal.push(await shareOf(directory, "terminal"))
        shares.pipe.push(await shareOf(directory, "pipe"))
      }
    } finally {
      discard(directory)
    }
    const [live, plain] = [spreadOf(shares.terminal), spreadOf(shares.pipe)]
    report.row("of a core, on a terminal", live, "%")
    report.row("of a core, into a pipe", plain, "%")
    report.target({
      what: "the terminal's part of a core",
      measured: live.median - plain.median,
      limit: 1,
      better: "less",
      unit: " %"
    })
  }
}

/** How much of a core the command's process takes, in percent. */
const shareOf = async (directory: string, output: "terminal" | "pipe"): Promise<number> => {
  removeStore(directory)
  // The shell tells its number, which is that of the process it becomes.
  const line = `echo $$ > pid; exec ${program} run waits --jobs ${stages}`
  const onTerminal = ["script", "-qec", `stty cols 80 rows 24; ${line}`, "/dev/null"]
  const [file = "", ...args] = output === "terminal" ? onTerminal : ["/bin/sh", "-c", line]
  const child = spawn(file, args, {
    cwd: directory,
    env: { ...environment, TERM: "xterm" },
    // What is written has to be read, by whoever pretends to be the terminal's window.
    stdio: ["ignore", "pipe", "pipe"]
  })
  child.stdout.resume()
  child.stderr.resume()
  const ended = once(child, "exit")
  await sleep(before * 1000)
  const pid = readFileSync(join(directory, "pid"), "utf8").trim()
  const [begun, spent] = [performance.now(), spentBy(pid)]
  await sleep(during * 1000)
  const share = (100 * 1000 * (spentBy(pid) - spent)) / (performance.now() - begun)
  const [code] = await ended
  if (code !== 0) throw new Error(`the run ended with ${code}`)
  return share
}

/** Processor time of a process so far, in seconds. A tick is a hundredth of one on every Linux that Node runs on. */
const spentBy = (pid: string): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
