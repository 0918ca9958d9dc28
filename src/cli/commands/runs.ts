/** `pipeline runs`, `show` and `diff`: what happened, from the journals alone. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { StoreLayout } from "../../artifact/layout.ts"
import { encodeRunView } from "../../track/run-view.ts"
import { comparisons, trackedRuns } from "../../track/upload/tracked.ts"
import * as flags from "../flags.ts"
import { loadRun, loadRuns } from "../load-run.ts"
import { printJson, printResult, resultStyle, resultWidth, timing } from "../output.ts"
import { storeServices } from "../store.ts"
import { diffRuns } from "../view/diff.ts"
import { diffText } from "../view/diff-text.ts"
import { comparedText, linksText } from "../view/links.ts"
import { newestFirst, runsText, summaryOfRun } from "../view/runs.ts"
import { showText } from "../view/show.ts"

const textOptions = () => ({ style: resultStyle(), now: timing.now(), width: resultWidth() })

const shared = {
  mlflow: Flag.Boolean("mlflow").pipe(
    Flag.withDescription("add the addresses of the pages in MLflow"),
    Flag.withDefault(false)
  ),
  json: flags.json,
  store: flags.store
}

const inStore = (storeFlag: Parameters<typeof flags.located>[0]) =>
  Effect.map(flags.located(storeFlag), ({ store }) => storeServices(store, { create: false }))

/** The pages of runs, or none where nobody asked. */
const linksOf = (wanted: boolean, layout: StoreLayout, ids: ReadonlyArray<string>) =>
  Effect.forEach(wanted ? ids : [], (id) =>
    Effect.map(trackedRuns(layout, id), (links) => [id, links] as const)
  )

export const runs = Command.make(
  "runs",
  shared,
  Effect.fn("runs")(function* ({ mlflow, json, store }) {
    const { layout, services } = yield* inStore(store)
    const views = yield* Effect.provide(loadRuns, services)
    const summaries = newestFirst(views.map(summaryOfRun))
    const links = yield* linksOf(
      mlflow,
      layout,
      summaries.map(({ id }) => id)
    ).pipe(Effect.provide(services))
    const pages = new Map(links)
    yield* json
      ? printJson(mlflow ? summaries.map((run) => ({ ...run, mlflow: pages.get(run.id) })) : summaries)
      : printResult(runsText(summaries, textOptions()) + linksText(links))
  })
).pipe(
  Command.withDescription("List the runs in the store, newest first"),
  Command.withExamples([{ command: "pipeline runs", description: "what was run, when, and how it ended" }])
)

export const show = Command.make(
  "show",
  { run: flags.run, ...shared },
  Effect.fn("show")(function* ({ run, mlflow, json, store }) {
    const { layout, services } = yield* inStore(store)
    const view = yield* Effect.provide(loadRun(run), services)
    const links = yield* Effect.provide(linksOf(mlflow, layout, [view.id]), services)
    const pages = mlflow ? { mlflow: links[0]?.[1] } : {}
    yield* json
      ? printJson(mlflow ? { ...view, ...pages } : encodeRunView(view))
      : printResult(showText(view, textOptions()) + linksText(links))
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
  Effect.fn("diff")(function* ({ a, b, mlflow, json, store }) {
    const { layout, services } = yield* inStore(store)
    const [left, right] = yield* Effect.all([loadRun(a), loadRun(b)]).pipe(Effect.provide(services))
    const difference = diffRuns(left, right)
    const links = yield* Effect.provide(linksOf(mlflow, layout, [left.id, right.id]), services)
    const compare = comparisons(links[0]?.[1] ?? [], links[1]?.[1] ?? [])
    const pages = mlflow ? { mlflow: { a: links[0]?.[1], b: links[1]?.[1], compare } } : {}
    yield* json
      ? printJson({ ...difference, ...pages })
      : printResult(diffText(difference, textOptions()) + linksText(links) + comparedText(compare))
  })
).pipe(
  Command.withDescription("Show how two runs differ: params, metrics, digests"),
  Command.withExamples([{ command: "pipeline diff last~1 last", description: "what the newest run changed" }])
)
