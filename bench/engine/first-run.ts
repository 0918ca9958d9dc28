/** What the first training step costs before it runs: recording it and making its session, in fresh processes. */
import { join } from "node:path"
import { Schema } from "effect"
import { run } from "../rig/command.ts"
import type { Report } from "../rig/report.ts"
import { spreadOf } from "../rig/spread.ts"
import { batchSize } from "./cases.ts"
import type { Work } from "./protocol.ts"

/** In milliseconds. */
const limit = 400

const FirstRun = Schema.Struct({
  begun: Schema.Finite,
  load: Schema.Finite,
  compile: Schema.Finite,
  firstStep: Schema.Finite
})
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(FirstRun))

export const tellFirstRun = (report: Report, threads: number, rounds: number): void => {
  const work: Work = { task: "train", network: "keras-cnn", threads, batchSize }
  const script = join(import.meta.dirname, "first-run-process.ts")
  const all = Array.from({ length: rounds }, () => {
    const args = ["--disable-warning=ExperimentalWarning", script, JSON.stringify(work)]
    return decode(run({ file: process.execPath, args, cwd: "/" }).stdout)
  })
  const compile = spreadOf(all.map((each) => each.compile))
  report.heading("engine: the first training step of keras-cnn, in a fresh process")
  report.row("Node, TensorFlow.js, our modules", spreadOf(all.map((each) => each.begun)), "ms")
  report.row("loading ONNX Runtime", spreadOf(all.map((each) => each.load)), "ms")
  report.row("recording, and making the session", compile, "ms")
  report.row("the first step", spreadOf(all.map((each) => each.firstStep)), "ms")
  report.target({
    what: "recording, and making the session",
    measured: compile.median,
    limit,
    better: "less",
    unit: " ms"
  })
}
