/**
 * The worker's process: one job at a time, told by messages.
 *
 * It loads user code, which the scheduler's process never does. When the scheduler is gone there is nobody to work for.
 */
import process from "node:process"
import { Effect, Exit, Layer, ManagedRuntime, Schema } from "effect"
import { Artifacts } from "../artifact/artifacts.ts"
import { Blobs } from "../artifact/blobs.ts"
import { Checkpoints } from "../artifact/checkpoints.ts"
import { Disk } from "../artifact/disk.ts"
import { storeLayout } from "../artifact/layout.ts"
import { type DataSourceConfig, dataSourceLive } from "../data/data-source-live.ts"
import { rasteriserLive } from "../figure/rasteriser-live.ts"
import { probeEngines } from "../tensor/choose.ts"
import { startedEngine } from "../tensor/started-engine.ts"
import { buildPipeline } from "./build-pipeline.ts"
import { describe } from "./describe.ts"
import { failureOf } from "./failure.ts"
import { Reply, Request, type WantedEngine } from "./protocol.ts"
import { runStage, type Send } from "./run-stage.ts"
import { endWithParent } from "./watch-parent.ts"

process.setSourceMapsEnabled(true)

// Ctrl-C reaches every process of a terminal's foreground group. The scheduler alone decides what it means.
process.on("SIGINT", () => {})
process.on("disconnect", () => process.exit(0))
endWithParent(Number(process.argv[2]))

const encodeReply = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Reply)))
const decodeRequest = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(Request)))
const send = (reply: Reply): void => void process.send?.(encodeReply(reply))

/** Progress is for eyes: more than twenty reports a second only cost time. */
const throttled = (forward: Send): Send => {
  let last = 0
  return (reply) => {
    if (reply._tag === "Progress" && reply.done < reply.total) {
      const now = performance.now()
      if (now - last < 50) return
      last = now
    }
    forward(reply)
  }
}

const startEngine = ({ engine }: { readonly engine: WantedEngine }) =>
  startedEngine(engine.choice, engine.threads)

type RunRequest = Extract<Request, { readonly _tag: "RunStage" }>

/** Stores by their directory: what was verified once is not hashed again for the next stage. */
const stores = new Map<string, ManagedRuntime.ManagedRuntime<Artifacts | Checkpoints, never>>()

const storeAt = (directory: string) => {
  const known = stores.get(directory)
  if (known !== undefined) return known
  const layout = storeLayout(directory)
  const artifacts = Artifacts.layer.pipe(Layer.provide(Blobs.layer(layout)))
  const services = Layer.mergeAll(artifacts, Checkpoints.layer(layout))
  const made = ManagedRuntime.make(services.pipe(Layer.provide(Disk.layer)))
  stores.set(directory, made)
  return made
}

/** Where real data sets are, with downloads shown as the stage's progress. */
const dataConfig = ({ data }: RunRequest): DataSourceConfig => ({
  cacheDir: data.cache,
  offline: data.offline,
  ...(data.directory === null ? {} : { dataDir: data.directory }),
  onProgress: (done, total) => send({ _tag: "Progress", done, total, unit: "bytes" })
})

const run = (request: RunRequest): Effect.Effect<Reply, unknown> => {
  process.chdir(request.root)
  return Effect.flatMap(storeAt(request.store).contextEffect, (store) =>
    runStage(request, startEngine(request), throttled(untilEnd())).pipe(
      Effect.map((digest): Reply => ({ _tag: "Stored", digest })),
      Effect.provide([dataSourceLive(dataConfig(request)), rasteriserLive]),
      Effect.provide(store)
    )
  )
}

let job = 0

/** Forwards what belongs to the present job. What a stage left running says nothing of the next one. */
const untilEnd = (): Send => {
  const mine = job
  return (reply) => {
    if (mine === job) send(reply)
  }
}

const handle = (request: Request): Effect.Effect<Reply, unknown> => {
  switch (request._tag) {
    case "RunStage":
      return run(request)
    case "Elaborate":
      return Effect.map(buildPipeline(request), (built): Reply => ({ _tag: "Elaborated", built }))
    case "Describe":
      return Effect.map(describe(request), (described): Reply => ({ _tag: "Described", ...described }))
    case "StartEngine":
      return Effect.map(
        startEngine(request),
        ({ engine }): Reply => ({ _tag: "EngineStarted", engine: engine.info })
      )
    case "ProbeEngines":
      return Effect.map(probeEngines(1), (reports): Reply => ({ _tag: "EnginesProbed", reports }))
  }
}

process.on("message", (message) => {
  Effect.runCallback(handle(decodeRequest(message)), {
    onExit: (exit) => {
      job++
      send(Exit.isSuccess(exit) ? exit.value : { _tag: "Failed", failure: failureOf(exit.cause) })
    }
  })
})

send({ _tag: "Ready" })
