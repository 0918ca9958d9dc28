/** `--profile NETWORK`: where the time of a training step goes. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { run } from "../rig/command.ts"
import type { Report } from "../rig/report.ts"
import { discard, scratch } from "../rig/scratch.ts"
import { batchSize, coresText, type NetworkName } from "./cases.ts"
import { pinned } from "./pin.ts"
import { type Profile, readProfile } from "./profile.ts"
import type { Work } from "./protocol.ts"

const steps = 20

/** How many single nodes are told. */
const dearest = 15

const Step = Schema.Struct({ step: Schema.Finite })
const decodeStep = Schema.decodeUnknownSync(Schema.fromJsonString(Step))

export const tellProfile = (report: Report, network: NetworkName, threads: ReadonlyArray<number>): void => {
  for (const each of threads) {
    report.heading(
      `engine: where a training step of ${network} spends its time, batch ${batchSize}, ${coresText(each)}`
    )
    const { step, profile } = takeProfile({ task: "train", network, threads: each, batchSize })
    const line = (milliseconds: number, count: string, name: string): void =>
      report.note(
        `${milliseconds.toFixed(3).padStart(9)} ms ${((100 * milliseconds) / step).toFixed(1).padStart(5)} % ${count.padStart(5)}  ${name}`
      )
    line(step, "", `a step (the profiler's own work in it; mean of ${steps})`)
    for (const { milliseconds, count, name } of profile.ops) line(milliseconds, `x${count}`, name)
    const inOps = profile.ops.reduce((total, { milliseconds }) => total + milliseconds, 0)
    line(profile.run - inOps, "", "in ONNX Runtime, between the operations")
    line(step - profile.run, "", "outside of ONNX Runtime: batch, masks, copies of inputs and outputs")
    report.note("")
    report.note(`the ${dearest} dearest nodes, with the sizes of their inputs and outputs:`)
    for (const { milliseconds, name } of profile.nodes.slice(0, dearest)) line(milliseconds, "", name)
  }
}

const takeProfile = (work: Work): { readonly step: number; readonly profile: Profile } => {
  const directory = scratch("profile")
  try {
    const script = join(import.meta.dirname, "profile-process.ts")
    const [file = "", ...args] = pinned(work.threads, [
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      script,
      JSON.stringify(work),
      join(directory, "profile"),
      String(steps)
    ])
    const { step } = decodeStep(run({ file, args, cwd: directory }).stdout)
    const [written] = readdirSync(directory)
    if (written === undefined) throw new Error("ONNX Runtime wrote no profile")
    return { step, profile: readProfile(readFileSync(join(directory, written), "utf8")) }
  } finally {
    discard(directory)
  }
}
