/** `pipeline run`: the main command. */
import { randomBytes } from "node:crypto"
import { statSync } from "node:fs"
import { Clock, Config, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { elaborate } from "../../plan/elaborate.ts"
import { expectedTimes } from "../../plan/expected-times.ts"
import { dependenciesOf } from "../../plan/order.ts"
import { findPipeline, type Project } from "../../plan/project.ts"
import { nodesInScope } from "../../plan/scope.ts"
import { readTimes, timesPath } from "../../plan/times-file.ts"
import { demandOf, machineAmounts } from "../../schedule/resources.ts"
import { runPlan } from "../../schedule/run.ts"
import { engineFlags, wantedEngine } from "../engine.ts"
import * as flags from "../flags.ts"
import { noteStyle, printNote, stderrSink, stdoutSink, timing } from "../output.ts"
import { dataCache, provenanceOf } from "../program.ts"
import type { ExpectedNode } from "../reporter/forecast.ts"
import { jsonReporter } from "../reporter/json.ts"
import { liveReporter } from "../reporter/live.ts"
import { plainReporter } from "../reporter/plain.ts"
import type { Reporter } from "../reporter/reporter.ts"
import { revisionOf } from "../revision.ts"
import { storeServices } from "../store.ts"
import { makeTracking } from "../tracking.ts"
import { harmless } from "../view/text.ts"
import { showPlan } from "./plan.ts"

/** A stage failed. The reporter has told which and why. */
export class RunFailed extends Schema.TaggedError<RunFailed>()("RunFailed", { run: Schema.String }) {}

const positive = Schema.Int.check(Schema.isGreaterThan(0))

export const run = Command.make(
  "run",
  {
    pipeline: flags.pipeline,
    preset: flags.preset,
    sets: flags.sets,
    ...flags.scope,
    jobs: Flag.Int("jobs").pipe(
      Flag.withAlias("j"),
      Flag.withSchema(positive),
      Flag.withDescription("cores that stages may keep busy together (default: all)"),
      Flag.optional
    ),
    keepGoing: Flag.Boolean("keep-going").pipe(
      Flag.withAlias("k"),
      Flag.withDescription("after a failure, go on with what does not depend on it"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("show what would run and why, as `pipeline plan` does"),
      Flag.withDefault(false)
    ),
    dataDir: Flag.String("data-dir").pipe(
      Flag.withDescription("directory with real data sets (or PIPELINE_DATA_DIR)"),
      Flag.withFallbackConfig(Config.String("PIPELINE_DATA_DIR")),
      Flag.optional
    ),
    offline: Flag.Boolean("offline").pipe(
      Flag.withDescription("never use the network for data"),
      Flag.withDefault(false)
    ),
    ...engineFlags,
    trackWait: Flag.Finite("track-wait").pipe(
      Flag.withDescription("seconds to wait at the end for the tracking server (or PIPELINE_TRACK_WAIT)"),
      Flag.withFallbackConfig(Config.Finite("PIPELINE_TRACK_WAIT")),
      Flag.optional
    ),
    json: flags.json,
    store: flags.store
  },
  Effect.fn("run")(function* (options) {
    if (options.dryRun) return yield* showPlan(options)
    const directory = yield* existing(options.dataDir)
    const { project, store } = yield* flags.located(options.store)
    const { layout, services } = storeServices(store, { create: true })
    const id = yield* newRunId
    const outcome = yield* Effect.gen(function* () {
      const engine = yield* wantedEngine(options)
      const selection = {
        pipeline: options.pipeline,
        preset: Option.getOrNull(options.preset),
        sets: options.sets
      }
      const elaboration = yield* elaborate(project, layout, selection)
      const nodes = yield* nodesInScope(elaboration, options)
      const { before, after } = elaboration.remarks
      // A run that computes nothing costs nothing, and shows nothing that was not said before.
      let computes = false
      const gpus = yield* Config.Int("PIPELINE_GPUS").pipe(Config.withDefault(0))
      const resources = machineAmounts(Option.getOrUndefined(options.jobs), gpus)
      const expected = nodes.map(({ name, stage, inputs }) => {
        const { name: stageName = "", options = {} } = elaboration.stages[stage] ?? {}
        const { cores } = demandOf(options, resources)
        return { name, stage: stageName, cores, after: dependenciesOf(inputs) }
      })
      const reporter = yield* Effect.acquireRelease(
        Effect.sync(() => reporterFor(options.json, expected, resources.cores)),
        (each) => Effect.sync(() => each.close())
      )
      const times =
        reporter.expect === undefined ? {} : yield* timesBeside(project, options.pipeline, reporter)
      const tracking = yield* Effect.acquireRelease(
        Effect.sync(() =>
          makeTracking({
            run: id,
            store,
            environment: process.env,
            wait: Option.getOrUndefined(options.trackWait),
            warn: (text) =>
              options.json ? Effect.runSync(printNote(`${harmless(text)}\n`)) : reporter.note(text, "track"),
            tell: (text) => reporter.note(text, "track")
          })
        ),
        (each) => Effect.sync(() => each.release())
      )
      const kindOf = (stage: number) => elaboration.stages[stage]?.kind ?? ""
      yield* tracking.check(elaboration.nodes.map(({ name, stage }) => ({ name, kind: kindOf(stage) })))
      const outcome = yield* runPlan({
        id,
        project,
        layout,
        elaboration,
        nodes,
        force: new Set(options.force),
        keepGoing: options.keepGoing,
        resources,
        provenance: provenanceOf(id),
        revision: revisionOf(project.root),
        data: {
          directory,
          cache: dataCache(process.env),
          offline: options.offline
        },
        environment: process.env,
        engine,
        remember: (last) => reporter.expect?.(expectedTimes(elaboration, last, times)),
        watch: (event) => {
          if (event._tag === "NodeStarted" && !computes) {
            computes = true
            if (before !== undefined) reporter.note(before)
          }
          reporter.event(event)
          tracking.watch(event)
        }
      })
      yield* tracking.finish
      if (outcome === "done" && computes && after !== undefined) reporter.note(after)
      return outcome
    }).pipe(Effect.scoped, Effect.provide(services))
    if (outcome !== "done") return yield* new RunFailed({ run: id })
  })
).pipe(
  Command.withDescription("Run a pipeline: what is cached stays, the rest is computed"),
  Command.withExamples([
    { command: "pipeline run mnist-advtrain --preset demo", description: "small, on generated digits" },
    { command: "pipeline run mnist-advtrain --set seed=2 --jobs 1", description: "another seed, one core" },
    { command: "pipeline run mnist-advtrain --from split --keep-going", description: "a part of it" }
  ])
)

/** There is no directory where the data were said to be. */
export class NoDataDirectory extends Schema.TaggedError<NoDataDirectory>()("NoDataDirectory", {
  path: Schema.String
}) {
  override get message() {
    return `there is no directory ${this.path}, given by --data-dir or PIPELINE_DATA_DIR`
  }
  get hint() {
    return "correct it; without it the data come from the cache or are downloaded"
  }
}

const existing = (given: Option.Option<string>): Effect.Effect<string | null, NoDataDirectory> => {
  const path = Option.getOrNull(given)
  return path === null || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? Effect.succeed(path)
    : new NoDataDirectory({ path })
}

/** The times beside the pipeline. They only tell people how long it takes: a damaged file is said, and stops nothing. */
const timesBeside = (project: Project, pipeline: string, reporter: Reporter) =>
  findPipeline(project, pipeline).pipe(
    Effect.flatMap(({ path }) => readTimes(timesPath(path))),
    Effect.catchTag("BadTimesFile", ({ message, hint }) => {
      reporter.note(`${message}; ${hint}`)
      return Effect.succeed({})
    })
  )

/**
 * @param nodes that the run may tell of
 * @param cores that they may take together
 */
const reporterFor = (json: boolean, nodes: ReadonlyArray<ExpectedNode>, cores: number): Reporter => {
  if (json) return jsonReporter(stdoutSink(), timing)
  const sink = stderrSink()
  const options = { sink, timing, style: noteStyle(), nodes, cores }
  return sink.isTerminal ? liveReporter(options) : plainReporter(options)
}

/** The time it started, to the millisecond so that names sort by age, and four digits against two at one time. */
const newRunId = Effect.map(Clock.currentTimeMillis, (now) => {
  const [date = "", time = ""] = new Date(now).toISOString().split("T")
  return `${date.replaceAll("-", "")}-${time.slice(0, 12).replace(/[:.]/g, "")}-${randomBytes(2).toString("hex")}`
})
