/** `pipeline doctor`: what works here, what does not, and the cure. */
import { existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { Config, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import type { StoreFault, StoreVersionMismatch } from "../../artifact/store-error.ts"
import { mnistFiles } from "../../data/mnist.ts"
import { describe } from "../../plan/elaborate.ts"
import { listPipelines } from "../../plan/project.ts"
import type { EngineReport } from "../../tensor/engine-choice.ts"
import { cudaState } from "../../tensor/onnx/cuda.ts"
import { Workers } from "../../worker/workers.ts"
import * as flags from "../flags.ts"
import { printJson, printResult, resultStyle, resultWidth } from "../output.ts"
import { dataCache, program } from "../program.ts"
import { type BadLeasePatience, storeServices } from "../store.ts"
import { bytes } from "../view/format.ts"
import { table } from "../view/table.ts"
import { harmless } from "../view/text.ts"

interface Check {
  readonly name: string
  readonly state: "works" | "missing" | "broken"
  readonly detail: string
  readonly hint?: string
}

/** Something that every run needs does not work. */
export class Unhealthy extends Schema.TaggedError<Unhealthy>()("Unhealthy", {
  names: Schema.Array(Schema.String)
}) {
  override get message() {
    return `not working: ${this.names.join(", ")}`
  }
}

export const doctor = Command.make(
  "doctor",
  {
    dataDir: Flag.String("data-dir").pipe(
      Flag.withDescription("directory with real data sets (or PIPELINE_DATA_DIR)"),
      Flag.withFallbackConfig(Config.String("PIPELINE_DATA_DIR")),
      Flag.optional
    ),
    json: flags.json,
    store: flags.store
  },
  Effect.fn("doctor")(function* (options) {
    const { project, store } = yield* flags.located(options.store)
    const checks: ReadonlyArray<Check> = [
      works(
        "program",
        `${program.name} ${program.version} on Node ${process.versions.node}, ${process.platform} ${process.arch}`
      ),
      pipelinesCheck(listPipelines(project).map(({ name }) => name)),
      ...(yield* storeChecks(store, project)),
      mnistCheck(Option.getOrUndefined(options.dataDir))
    ]
    yield* options.json ? printJson(checks) : printResult(doctorText(checks))
    const broken = checks.filter(({ state }) => state === "broken").map(({ name }) => name)
    if (broken.length > 0) return yield* new Unhealthy({ names: broken })
  })
).pipe(
  Command.withDescription("Say what works here, what does not, and what to do about it"),
  Command.withExamples([
    { command: "pipeline doctor --data-dir ~/data", description: "look for data sets there too" }
  ])
)

const works = (name: string, detail: string): Check => ({ name, state: "works", detail })

const pipelinesCheck = (names: ReadonlyArray<string>): Check => works("pipelines", names.join(", "))

/** Opens the store, has a worker load a bundle, and another one start every engine. */
const storeChecks = (store: string, project: Parameters<typeof describe>[0]) => {
  const { layout, services } = storeServices(store, { create: true })
  const bundle = describe(project, layout, "a worker", { stages: [] }).pipe(
    Effect.as(works("worker", "bundles code and runs it in a process of its own")),
    Effect.catch((error) =>
      Effect.succeed<Check>({
        name: "worker",
        state: "broken",
        detail: error.message,
        hint: "hint" in error ? error.hint : ""
      })
    )
  )
  return bundle.pipe(
    Effect.zip(engineChecks, { concurrent: true }),
    Effect.map(([worker, engines]) => [storeCheck(layout.root), worker, ...engines, cudaCheck()]),
    Effect.provide(services),
    Effect.catch((error: StoreFault | StoreVersionMismatch | BadLeasePatience) =>
      Effect.succeed<ReadonlyArray<Check>>([
        { name: "store", state: "broken", detail: error.message, hint: error.hint }
      ])
    )
  )
}

const engineChecks = Effect.gen(function* () {
  const workers = yield* Workers
  const silent = { started: () => {}, note: () => {} }
  const reply = yield* workers.run("engines", { _tag: "ProbeEngines" }, silent)
  if (reply._tag !== "EnginesProbed")
    return yield* Effect.die(new Error(`a worker answered ProbeEngines with ${reply._tag}`))
  return reply.reports.map(engineCheck)
}).pipe(
  // An engine's library can take its process along.
  Effect.catch((error) =>
    Effect.succeed<ReadonlyArray<Check>>([
      { name: "engines", state: "broken", detail: error.message, hint: "try each with --engine" }
    ])
  )
)

const engineCheck = (report: EngineReport): Check => {
  const name = `engine: ${report.name}`
  if (report.state === "missing") return { name, state: "missing", detail: report.reason, hint: report.hint }
  const versions = Object.entries(report.info.versions).map(([library, version]) => `${library} ${version}`)
  return works(name, `on ${report.info.device}, ${versions.join(", ")}`)
}

const cudaCheck = (): Check => {
  const cuda = cudaState()
  if (cuda.state === "works") return works("onnx on a GPU", "CUDA's library and a driver are there")
  return { name: "onnx on a GPU", state: "missing", detail: cuda.reason, hint: cuda.hint }
}

const storeCheck = (root: string): Check => {
  const { bavail, bsize } = statfsSync(existsSync(root) ? root : dirname(root))
  return works("store", `${root}, ${bytes(bavail * bsize)} free`)
}

const mnistCheck = (dataDir: string | undefined): Check => {
  const cache = dataCache(process.env)
  const places = [...(dataDir === undefined ? [] : [dataDir, `${dataDir}/mnist`]), cache, `${cache}/mnist`]
  const files = (["train", "test"] as const).flatMap((split) => Object.values(mnistFiles(split)))
  const isThere = (name: string) =>
    places.some((place) => existsSync(`${place}/${name}`) || existsSync(`${place}/${name}.gz`))
  const absent = files.filter(({ name, aliases }) => ![name, ...aliases].some(isThere))
  if (absent.length === 0) return works("data: MNIST", "all four files are on this machine")
  return {
    name: "data: MNIST",
    state: "missing",
    detail: `${absent.length} of ${files.length} files are not on this machine; a run fetches them`,
    hint: "without a network, put the files into a directory and name it with --data-dir; generated digits need none"
  }
}

const doctorText = (checks: ReadonlyArray<Check>): string => {
  const style = resultStyle()
  const colour = { works: style.green, missing: style.yellow, broken: style.red }
  const rows = checks.map(({ name, state, detail }) => [colour[state](state), name, harmless(detail)])
  const lines = table([{ head: "" }, { head: "" }, { head: "", shrinkTo: 30 }], rows, {
    width: resultWidth()
  })
  const hints = checks.flatMap(({ name, hint }) =>
    hint === undefined ? [] : [`${style.cyan("hint:")} ${name}: ${hint}`]
  )
  return `${[...lines, ...(hints.length === 0 ? [] : ["", ...hints])].join("\n")}\n`
}
