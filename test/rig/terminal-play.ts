/**
 * Plays a run of many nodes to the terminal that it is started in, through the reporter of real runs:
 *
 *     node test/rig/terminal-play.ts NODES SECONDS
 *
 * scripts/terminal-check.mjs looks at what the terminal makes of it.
 */
import { stderrSink, timing } from "../../src/cli/output.ts"
import { liveReporter } from "../../src/cli/reporter/live.ts"
import { styleFor } from "../../src/cli/view/style.ts"
import { finished, log, progress, runStarted, started } from "../cli/reporter/events.ts"

const [nodes = 40, seconds = 8] = process.argv.slice(2).map(Number)
const { now } = timing
const begun = now()
const names = Array.from({ length: nodes }, (_, index) => `node-${String(index).padStart(3, "0")}`)
const reporter = liveReporter({
  sink: stderrSink(),
  timing,
  style: styleFor({}, false),
  nodes: names.map((name) => ({ name, stage: "play", after: [], cores: 1 }))
})

reporter.event(runStarted(nodes, begun))
for (const [index, node] of names.entries())
  reporter.event(started(node, begun, index % 3 === 0 ? `params.note ${"long ".repeat(30)}` : undefined))

const timer = setInterval(() => {
  const passed = (now() - begun) / 1000
  // Nodes end one after the other, at even distances, and have a long line to say.
  if (names.length > 0 && nodes - names.length < (passed / seconds) * nodes) {
    const node = names.shift() ?? ""
    reporter.event(log(node, now(), `${node} says ${"a word ".repeat(20)}`))
    reporter.event(finished(node, now(), passed))
  }
  for (const node of names.slice(0, 8))
    reporter.event(progress(node, now(), Math.floor(passed * 100), seconds * 100))
  if (names.length === 0) end("done")
}, 50)

const end = (status: "done" | "interrupted"): void => {
  clearInterval(timer)
  reporter.event({ _tag: "RunFinished", at: now(), status, seconds: (now() - begun) / 1000 })
  reporter.close()
}
process.once("SIGINT", () => end("interrupted"))
