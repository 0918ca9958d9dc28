/**
 * The benchmarks: `npm run bench -- [NAME…] [--json]`.
 *
 * Without a name, all of them. With `--json`, one line for each comparison on standard output, the rest on standard error.
 * The other flags are `engine`'s, `main-job`'s and `tracking`'s.
 */
import { parseArgs } from "node:util"
import { engine } from "./engine.ts"
import { look } from "./look.ts"
import { mainJob } from "./main-job.ts"
import { manyNodes } from "./many-nodes.ts"
import { reportPage } from "./report.ts"
import type { Settings } from "./rig/bench.ts"
import { machine } from "./rig/machine.ts"
import { makeReport } from "./rig/report.ts"
import { stageOverhead } from "./stage-overhead.ts"
import { store } from "./store.ts"
import { terminal } from "./terminal.ts"
import { timeLeft } from "./time-left.ts"
import { tracking } from "./tracking.ts"
import { twoCores } from "./two-cores.ts"
import { warmRun } from "./warm-run.ts"

const benches = [
  warmRun,
  manyNodes,
  stageOverhead,
  store,
  twoCores,
  engine,
  mainJob,
  tracking,
  look,
  reportPage,
  terminal,
  timeLeft
]
const known = benches.map(({ name }) => name)

const usage = (problem: string): never => {
  console.error(`bench: ${problem}`)
  console.error(`hint: npm run bench -- [${known.join(" | ")}]… [--json]`)
  console.error(
    "      npm run bench -- engine [--profile NETWORK] [--only CASE] [--rounds N] [--seconds N] [--tuned]"
  )
  console.error(
    "      npm run bench -- main-job [--preset demo | quick] [--data-dir DIR] [--set NAME=VALUE]… [--images N] [--tuned]"
  )
  console.error(
    "      npm run bench -- tracking [--only training | rate | memory] [--rounds N] [--points N] [--set NAME=VALUE]…"
  )
  console.error("      npm run bench -- look | report | terminal [--rounds N]")
  console.error("      npm run bench -- time-left [--preset NAME] [--data-dir DIR] [--set NAME=VALUE]…")
  process.exit(1)
}

const readWords = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        profile: { type: "string" },
        only: { type: "string" },
        seconds: { type: "string" },
        rounds: { type: "string" },
        tuned: { type: "boolean", default: false },
        preset: { type: "string" },
        "data-dir": { type: "string" },
        set: { type: "string", multiple: true, default: [] },
        images: { type: "string" },
        points: { type: "string" }
      }
    })
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

const positive = (flag: string, word: string | undefined): number | undefined => {
  if (word === undefined) return undefined
  const value = Number(word)
  return value > 0 ? value : usage(`\`--${flag} ${word}\` is no positive number`)
}

const { values, positionals: names } = readWords()
const wrong = names.filter((name) => !known.includes(name))
if (wrong.length > 0) usage(`there is no ${wrong.map((word) => `\`${word}\``).join(", ")}`)
const settings: Settings = {
  profile: values.profile,
  only: values.only,
  seconds: positive("seconds", values.seconds),
  rounds: positive("rounds", values.rounds),
  tuned: values.tuned,
  preset: values.preset,
  dataDirectory: values["data-dir"],
  sets: values.set,
  images: positive("images", values.images),
  points: positive("points", values.points)
}

const report = makeReport(values.json)
report.heading(machine())
for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.name)) continue
  try {
    await bench.run(report, settings)
  } catch (error) {
    // The others are worth their time all the same.
    console.error(`bench: ${bench.name}: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
