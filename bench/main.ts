/**
 * The benchmarks: `npm run bench -- [NAME…] [--json]`.
 *
 * Without a name, all of them. With `--json`, one line for each comparison on standard output, the rest on standard error.
 */
import { manyNodes } from "./many-nodes.ts"
import { machine } from "./rig/machine.ts"
import { makeReport } from "./rig/report.ts"
import { stageOverhead } from "./stage-overhead.ts"
import { store } from "./store.ts"
import { twoCores } from "./two-cores.ts"
import { warmRun } from "./warm-run.ts"

const benches = [warmRun, manyNodes, stageOverhead, store, twoCores]

const flags = process.argv.slice(2).filter((word) => word.startsWith("-"))
const names = process.argv.slice(2).filter((word) => !word.startsWith("-"))

const known = benches.map(({ name }) => name)
const wrong = [...names.filter((name) => !known.includes(name)), ...flags.filter((flag) => flag !== "--json")]
if (wrong.length > 0) {
  console.error(`bench: there is no ${wrong.map((word) => `\`${word}\``).join(", ")}`)
  console.error(`hint: npm run bench -- [${known.join(" | ")}]… [--json]`)
  process.exit(1)
}

const report = makeReport(flags.includes("--json"))
report.heading(machine())
for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.name)) continue
  try {
    await bench.run(report)
  } catch (error) {
    // The others are worth their time all the same.
    console.error(`bench: ${bench.name}: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
