/** `pipeline list` and `pipeline stages`: what there is to run, and to build with. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import type { StoreLayout } from "../../artifact/layout.ts"
import { describe } from "../../plan/elaborate.ts"
import { findPipeline, listPipelines, type PipelineFile, type Project } from "../../plan/project.ts"
import * as flags from "../flags.ts"
import { printJson, printResult, resultStyle, resultWidth } from "../output.ts"
import { storeServices } from "../store.ts"
import { listText, type PipelineListing } from "../view/list.ts"
import { stagesText } from "../view/stages.ts"

const viewOptions = () => ({ style: resultStyle(), width: resultWidth() })

export const list = Command.make(
  "list",
  {
    pipeline: Argument.String("pipeline").pipe(
      Argument.withDescription("show only this one"),
      Argument.optional
    ),
    json: flags.json,
    store: flags.store
  },
  Effect.fn("list")(function* (options) {
    const { project, store } = yield* flags.located(options.store)
    const { layout, services } = storeServices(store, { create: true })
    const files = Option.isNone(options.pipeline)
      ? listPipelines(project)
      : [yield* findPipeline(project, options.pipeline.value)]
    const listings = yield* Effect.forEach(files, (file) => listing(project, layout, file), {
      concurrency: 2
    }).pipe(Effect.provide(services))
    yield* options.json ? printJson(listings) : printResult(listText(listings, viewOptions()))
  })
).pipe(
  Command.withAlias("ls"),
  Command.withDescription("List pipelines with their presets and params"),
  Command.withExamples([{ command: "pipeline list mnist-advtrain", description: "one pipeline's params" }])
)

/** A pipeline that cannot be loaded is listed with the reason, so that it does not hide the others. */
const listing = (project: Project, layout: StoreLayout, file: PipelineFile) =>
  describe(project, layout, `pipelines/${file.name}`, { pipeline: file.path, stages: [] }).pipe(
    Effect.map(({ pipeline }) => pipeline ?? problem(file, "its default export is not a pipeline")),
    Effect.catchTags({
      BundleFailed: (error) => Effect.succeed(problem(file, error.message)),
      JobFailed: (error) => Effect.succeed(problem(file, error.message)),
      WorkerDied: (error) => Effect.succeed(problem(file, error.message))
    })
  )

const problem = ({ name }: PipelineFile, reason: string): PipelineListing => ({
  name,
  description: "",
  defaultPreset: "",
  presets: {},
  problem: reason
})

const stageFiles = (root: string): ReadonlyArray<string> => {
  const directory = join(root, "stages")
  if (!existsSync(directory)) return []
  const isModule = (file: string) => /\.(ts|mts|js|mjs)$/.test(file) && !file.includes(".d.")
  return readdirSync(directory)
    .filter(isModule)
    .sort()
    .map((file) => join(directory, file))
}

export const stages = Command.make(
  "stages",
  { json: flags.json, store: flags.store },
  Effect.fn("stages")(function* (options) {
    const { project, store } = yield* flags.located(options.store)
    const { layout, services } = storeServices(store, { create: true })
    // Each place by itself: packages that its stages import are found from there.
    const described = yield* Effect.forEach(new Set([project.root, project.packageRoot]), (root) =>
      describe(project, layout, "stages/", { stages: stageFiles(root) })
    ).pipe(Effect.provide(services))
    const found = described.flatMap((each) => each.stages)
    yield* options.json ? printJson(found) : printResult(stagesText(found, viewOptions()))
  })
).pipe(
  Command.withDescription("List stages with their inputs, output and params"),
  Command.withExamples([{ command: "pipeline stages --json", description: "with the params as JSON Schema" }])
)
