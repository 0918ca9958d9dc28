/**
 * `two-cores`: do two stages that depend on nothing of each other run at the same time?
 *
 * Two stages that only compute, with two jobs and with one, on a fresh store each time; the whole process. Beside them, the
 * same arithmetic in two bare processes of Node: what this machine's cores give at best just now.
 */
import { availableParallelism } from "node:os"
import type { Bench } from "./rig/bench.ts"
import { countLines, run } from "./rig/command.ts"
import { frameworkImports, makeProject, pipeline, removeStore } from "./rig/ours.ts"
import { discard } from "./rig/scratch.ts"
import { takeTurns } from "./rig/spread.ts"
import { expectCount } from "./rig/tool.ts"

const rounds = 5

/** Billions of steps of arithmetic in each stage: about four seconds. */
const billions = 4

const spin = `for (let turn = 0; turn < billions; turn++)
      for (let i = 0; i < 1e9; i++) state = (Math.imul(state, 1664525) + 1013904223) | 0`

/** Two bare processes, at once or one after the other, in milliseconds. */
const bare = (between: "&" | ";") => () => {
  const code = `const billions = ${billions}; let state = 1; ${spin}; console.log(state)`
  const text = `"$0" -e "$1" ${between} "$0" -e "$1"; wait`
  return run({ file: "/bin/sh", args: ["-c", text, process.execPath, code], cwd: "/" }).seconds * 1000
}

const project = {
  "stages/spin.ts": `${frameworkImports}
import { Schema } from "effect"

export const spin = Stage.make("spin", {
  inputs: {},
  params: Schema.Struct({ seed: Schema.Int, billions: Schema.Int }),
  output: Table,
  *run(_, { seed, billions }) {
    let state = seed
    ${spin}
    return { title: "spin", columns: [{ name: "state", type: "number" as const }], rows: [[state]] }
  }
})
`,
  "pipelines/spin.ts": `${frameworkImports}
import { Schema } from "effect"
import { spin } from "../stages/spin.ts"

export default Pipeline.make("spin", {
  description: "two stages that compute",
  params: Schema.Struct({ billions: Schema.Int }),
  presets: { only: { billions: ${billions} } },
  defaultPreset: "only",
  build: ({ billions }) => ({ left: spin({}, { seed: 1, billions }), right: spin({}, { seed: 2, billions }) })
})
`
}

export const twoCores: Bench = {
  name: "two-cores",
  run: async (report) => {
    report.heading("two-cores: two independent stages that compute, fresh store, whole process")
    if (availableParallelism() < 2) {
      report.skip("two-cores", "this machine has one core")
      return
    }
    const directory = makeProject("two-cores", project)
    const once = (jobs: string) => () => {
      removeStore(directory)
      const { seconds, stderr } = pipeline(directory, ["run", "spin", "--jobs", jobs])
      expectCount("nodes that ran", countLines(stderr, /^done /), 2)
      return seconds * 1000
    }
    try {
      once("2")()
      const spreads = await takeTurns(
        [
          { name: "--jobs 2", once: once("2") },
          { name: "--jobs 1", once: once("1") },
          { name: "two bare processes at once", once: bare("&") },
          { name: "two bare processes in turn", once: bare(";") }
        ],
        rounds
      )
      for (const [name, spread] of spreads) report.row(name, spread, "ms")
      const together = spreads.get("--jobs 2")?.median ?? Number.NaN
      const inTurn = spreads.get("--jobs 1")?.median ?? Number.NaN
      report.compare({ bench: "two-cores", ours: together, peer: inTurn, peerName: "--jobs 1", unit: "ms" })
      report.target({
        what: "two jobs, of the time of one",
        measured: together / inTurn,
        limit: 0.6,
        better: "less",
        unit: ""
      })
    } finally {
      discard(directory)
    }
  }
}
