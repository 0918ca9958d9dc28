/** `pipeline runs`, `show` and `diff`: what happened, from the journals alone. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { encodeRunView } from "../../track/run-view.ts"
import * as flags from "../flags.ts"
import { loadRun, loadRuns } from "../load-run.ts"
import { printJson, printResult, resultStyle, resultWidth, timing } from "../output.ts"
import { storeServices } from "../store.ts"
import { diffRuns } from "../view/diff.ts"
import { diffText } from "../view/diff-text.ts"
import { newestFirst, runsText, summaryOfRun } from "../view/runs.ts"
import { showText } from "../view/show.ts"

const textOptions = () => ({ style: resultStyle(), now: timing.now(), width: resultWidth() })
const shared = { json: flags.json, store: flags.store }

const inStore = (storeFlag: Parameters<typeof flags.located>[0]) =>
  Effect.map(flags.located(storeFlag), ({ store }) => storeServices(store, { create: false }).services)

export const runs = Command.make(
  "runs",
  shared,
  Effect.fn("runs")(function* ({ json, store }) {
    const views = yield* Effect.provide(loadRuns, yield* inStore(store))
    const summaries = newestFirst(views.map(summaryOfRun))
    yield* json ? printJson(summaries) : printResult(runsText(summaries, textOptions()))
  })
).pipe(
  Command.withDescription("List the runs in the store, newest first"),
  Command.withExamples([{ command: "pipeline runs", description: "what was run, when, and how it ended" }])
)

export const show = Command.make(
  "show",
  { run: flags.run, ...shared },
  Effect.fn("show")(function* ({ run, json, store }) {
    const view = yield* Effect.provide(loadRun(run), yield* inStore(store))
    yield* json ? printJson(encodeRunView(view)) : printResult(showText(view, textOptions()))
  })
).pipe(
  Command.withDescription("Show a run in full"),
  Command.withExamples([
    { command: "pipeline show last", description: "the newest run" },
    { command: "pipeline show last --json", description: "the same for a program" }
  ])
)

export const diff = Command.make(
  "diff",
  { a: flags.run, b: flags.run, ...shared },
  Effect.fn("diff")(function* ({ a, b, json, store }) {
    const [left, right] = yield* Effect.all([loadRun(a), loadRun(b)]).pipe(
      Effect.provide(yield* inStore(store))
    )
    const difference = diffRuns(left, right)
    yield* json ? printJson(difference) : printResult(diffText(difference, textOptions()))
  })
).pipe(
  Command.withDescription("Show how two runs differ: params, metrics, digests"),
  Command.withExamples([{ command: "pipeline diff last~1 last", description: "what the newest run changed" }])
)
