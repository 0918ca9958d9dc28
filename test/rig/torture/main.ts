/**
 * `npm run torture -- --kills N --seed S`: kills runs at random moments, starts them again until they are done, and compares
 * what comes out with an undisturbed run. The same seed makes the same choices.
 */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Arena, type PipelineName } from "./arena.ts"
import { isKind, kinds } from "./blow.ts"
import { sumText, torture } from "./torture.ts"

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const wrong = (problem: string): never => {
  say(`torture: ${problem}`)
  say(
    `hint: npm run torture -- --kills N --seed S [--pipeline small | demo] [--signals ${kinds.join(",")}] [--together N] [--gc] [--jobs N]`
  )
  process.exit(1)
}

const words = () => {
  try {
    return parseArgs({
      options: {
        kills: { type: "string", default: "50" },
        seed: { type: "string", default: "1" },
        pipeline: { type: "string", default: "small" },
        signals: { type: "string", default: kinds.join(",") },
        together: { type: "string", default: "1" },
        gc: { type: "boolean", default: false },
        jobs: { type: "string" }
      }
    }).values
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

const values = words()
const whole = (flag: string, word: string, least: number): number => {
  const value = Number(word)
  return Number.isInteger(value) && value >= least
    ? value
    : wrong(`\`--${flag} ${word}\` is no number from ${least}`)
}
const isPipeline = (word: string): word is PipelineName => word === "small" || word === "demo"
const pipeline = isPipeline(values.pipeline)
  ? values.pipeline
  : wrong(`there is no pipeline \`${values.pipeline}\``)
const chosen = values.signals
  .split(",")
  .map((word) => (isKind(word) ? word : wrong(`there is no signal \`${word}\``)))
const together = whole("together", values.together, 1)
if (together > 1 && pipeline === "demo") wrong("several processes together are for `--pipeline small`")
// Stages of the small pipeline mostly sleep; those of the demo keep all cores busy.
const sideBySide = pipeline === "demo" || together > 1 ? 1 : availableParallelism()

const arena = new Arena(pipeline)
process.once("SIGINT", () => {
  arena.remove()
  process.exit(130)
})
say("an undisturbed run comes first")
await arena.measure()
const sum = await torture(arena, {
  kills: whole("kills", values.kills, 1),
  seed: whole("seed", values.seed, 0),
  kinds: chosen,
  together,
  gc: values.gc,
  jobs: values.jobs === undefined ? sideBySide : whole("jobs", values.jobs, 1),
  progress: (number, { kills, problems }, killed) => {
    say(`store ${number}: ${kills.map(({ kind }) => kind).join(", ")}; ${killed} kills so far`)
    for (const problem of problems) say(problem)
  }
})
process.stdout.write(sumText(sum))
if (sum.problems.length > 0) {
  process.stdout.write(`${sum.problems.join("\n")}\n`)
  process.exitCode = 1
} else arena.remove()
