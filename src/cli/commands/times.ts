/** `pipeline times`: where a run's time went, and a file from which later runs elsewhere tell how long they take. */
import { relative } from "node:path"
import { Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { findPipeline } from "../../plan/project.ts"
import { saveTimes, timesPath } from "../../plan/times-file.ts"
import { RunStore } from "../../track/run-store.ts"
import { foldRun } from "../../track/run-view.ts"
import * as flags from "../flags.ts"
import { noteStyle, printJson, printNote, printResult, resultStyle, resultWidth, timing } from "../output.ts"
import { storeServices } from "../store.ts"
import { harmless } from "../view/text.ts"
import { timesOf, timesText } from "../view/times.ts"

/** The times of a run that did not come to its end say nothing of the rest. */
export class RunNotDone extends Schema.TaggedError<RunNotDone>()("RunNotDone", {
  run: Schema.String,
  status: Schema.String
}) {
  override get message() {
    return `run ${this.run} is \`${this.status}\`: it has no times of all its nodes to save`
  }
  get hint() {
    return "run the same command again, and save the times of the run that comes to its end"
  }
}

export const times = Command.make(
  "times",
  {
    run: flags.run,
    save: Flag.Boolean("save").pipe(
      Flag.withDescription("keep them beside the pipeline, as `pipelines/NAME.times.json`"),
      Flag.withDefault(false)
    ),
    json: flags.json,
    store: flags.store
  },
  Effect.fn("times")(function* (options) {
    const { project, store } = yield* flags.located(options.store)
    const { services } = storeServices(store, { create: false })
    const { view, machine } = yield* Effect.provide(readRun(options.run), services)
    const seconds = timesOf(view)
    yield* options.json
      ? printJson(seconds)
      : printResult(timesText(view, { style: resultStyle(), now: timing.now(), width: resultWidth() }))
    if (!options.save) return
    if (view.status !== "done") return yield* new RunNotDone({ run: view.id, status: view.status })
    const { path } = yield* findPipeline(project, view.pipeline)
    const file = timesPath(path)
    yield* saveTimes(file, view.preset, { machine, seconds })
    const place = harmless(relative(process.cwd(), file))
    yield* printNote(`${noteStyle().dim("saved")}    ${place}, preset ${harmless(view.preset)}\n`)
  })
).pipe(
  Command.withDescription("Show where a run's time went, stage by stage"),
  Command.withExamples([
    { command: "pipeline times last", description: "which stages took how long" },
    {
      command: "pipeline times last --save",
      description: "keep them with the pipeline: first runs elsewhere then tell how long they take"
    }
  ])
)

const readRun = Effect.fnUntraced(function* (reference: string) {
  const runs = yield* RunStore
  const { plan, events } = yield* runs.read(yield* runs.find(reference), "decisions")
  const started = events.find(({ _tag }) => _tag === "RunStarted")
  return {
    view: foldRun(events, plan?.nodes ?? []),
    machine: started?._tag === "RunStarted" ? started.provenance.machine : "unknown"
  }
})
