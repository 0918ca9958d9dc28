/**
 * `time-left`: does the time that a run says is left come true?
 *
 * A first run, in an empty store, on a terminal that is read as it is written. What is known beforehand is the file of times beside
 * the pipeline, which may be of another machine.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { secondsOf } from "../test/rig/time-left.ts"
import type { Bench, Settings } from "./rig/bench.ts"
import { environment, find } from "./rig/command.ts"
import { discard, scratch } from "./rig/scratch.ts"

const root = join(import.meta.dirname, "..")

/** What the terminal said at some second of the run. */
interface Said {
  readonly at: number
  readonly left: number
}

export const timeLeft: Bench = {
  name: "time-left",
  run: async (report, { preset = "demo", dataDirectory, sets }: Settings) => {
    const pipeline = "mnist-advtrain"
    report.heading(`time-left: ${pipeline}, preset ${preset}, a first run`)
    if (process.platform !== "linux" || find("script") === undefined)
      return report.skip("time-left", "it takes Linux, and `script` of util-linux")
    const store = scratch("time-left")
    try {
      const data = dataDirectory === undefined ? [] : ["--data-dir", dataDirectory]
      const params = sets.flatMap((set) => ["--set", set])
      const { said, seconds } = await watched([
        ...["run", pipeline, "--preset", preset, "--store", join(store, "artifacts")],
        ...data,
        ...params
      ])
      const errors = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((tenth) => {
        const moment = (tenth / 10) * seconds
        const last = said.findLast(({ at }) => at <= moment)
        if (last === undefined) {
          report.note(`${tenth * 10} %  said nothing`)
          return [Number.POSITIVE_INFINITY]
        }
        const came = seconds - last.at
        const error = (last.left - came) / came
        report.note(
          `${tenth * 10} %  said ${last.left.toFixed(0)} s, came ${came.toFixed(1)} s: ${(error * 100).toFixed(0)} %`
        )
        return [Math.abs(error)]
      })
      report.target({
        what: `time left against what came, at each tenth of ${seconds.toFixed(0)} s, at most`,
        measured: Math.max(...errors) * 100,
        limit: 25,
        better: "less",
        unit: " %"
      })
    } finally {
      discard(store)
    }
  }
}

/** Runs the command line on a terminal and notes when it says how much time is left. */
const watched = (args: ReadonlyArray<string>) =>
  new Promise<{ readonly said: ReadonlyArray<Said>; readonly seconds: number }>((resolve, reject) => {
    const line = ["stty cols 160 rows 24; exec", join(root, "bin/pipeline"), ...args].join(" ")
    let begun = performance.now()
    const child = spawn("script", ["-qec", line, "/dev/null"], {
      cwd: root,
      env: { ...environment, TERM: "xterm", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const said: Array<Said> = []
    let text = ""
    // The first line is that of the run: before it the program starts, and makes the plan.
    child.stdout.once("data", () => {
      begun = performance.now()
    })
    child.stdout.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString("utf8")).slice(-10_000)
      const left = [...text.matchAll(/elapsed, about (.*?) left/g)].at(-1)?.[1]
      if (left !== undefined) said.push({ at: (performance.now() - begun) / 1000, left: secondsOf(left) })
    })
    child.once("error", reject)
    child.once("close", (code) =>
      code === 0
        ? resolve({ said, seconds: (performance.now() - begun) / 1000 })
        : reject(new Error(`the run ended with ${code}: ${text.slice(-1000)}`))
    )
  })
