/** Runs one stage: inputs out of the store, the stage's own code, the output into the store. */
import { ConfigProvider, Effect, Layer, Logger, Random } from "effect"
import { Artifacts } from "../artifact/artifacts.ts"
import type { Digest } from "../artifact/digest.ts"
import type { AnyKind } from "../artifact/kind.ts"
import { Checkpoint } from "../stage/checkpoint.ts"
import type { InputSpec } from "../stage/node.ts"
import { Metrics, Progress } from "../stage/services.ts"
import type { Chosen } from "../tensor/choose.ts"
import { Engine } from "../tensor/engine.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import { lazyEngine } from "../tensor/lazy-engine.ts"
import { liveCheckpoint } from "./live-checkpoint.ts"
import { BadModule, isStage, type LoadedStage, loadModule } from "./loaded.ts"
import type { Reply, Request, WiredDigests } from "./protocol.ts"

type RunRequest = Extract<Request, { readonly _tag: "RunStage" }>

/** Says something to the scheduler. */
export type Send = (reply: Reply) => void

/**
 * Loads and runs the requested stage; succeeds with the digest of what it stored.
 *
 * @param startEngine gives the engine that was asked for; called only for a stage that computes with tensors
 */
export const runStage = Effect.fnUntraced(function* (
  request: RunRequest,
  startEngine: Effect.Effect<Chosen, EngineUnavailable>,
  send: Send
) {
  const stage = yield* loadStage(request)
  const artifacts = yield* Artifacts
  const inputs = yield* readInputs(artifacts, stage, request.inputs)
  const value = yield* stage.execute(inputs, request.params).pipe(
    Effect.provide(stageServices(request, startEngine, send)),
    // A stage that draws from Effect's Random draws the same numbers whenever it runs under the same key.
    Random.withSeed(request.key)
  )
  return yield* artifacts.write(stage.meta.output, value)
}, Effect.scoped)

const loadStage = Effect.fnUntraced(function* (request: RunRequest) {
  const { default: stage } = yield* loadModule(request.code, "the stage's bundle")
  if (isStage(stage)) return stage
  return yield* new BadModule({
    what: "the stage's bundle",
    reason: "its export is not a stage",
    hint: "this is a mistake of the program; please report it"
  })
})

const readInputs = Effect.fnUntraced(function* (
  artifacts: Artifacts["Service"],
  stage: LoadedStage,
  wired: WiredDigests
) {
  const inputs: Record<string, unknown> = {}
  for (const [input, spec] of Object.entries(stage.meta.inputs)) {
    const read = (digest: Digest) => artifacts.read(kindOf(spec), digest)
    const wire = wired[input] ?? []
    if (typeof wire === "string") inputs[input] = yield* read(wire)
    else if (isList(wire)) inputs[input] = yield* Effect.forEach(wire, read)
    else {
      const values = yield* Effect.forEach(Object.entries(wire), ([key, digest]) =>
        Effect.map(read(digest), (value) => [key, value] as const)
      )
      inputs[input] = Object.fromEntries(values)
    }
  }
  return inputs
})

const isList = (wire: WiredDigests[string]): wire is ReadonlyArray<Digest> => Array.isArray(wire)

const kindOf = (spec: InputSpec): AnyKind =>
  "list" in spec ? spec.list : "record" in spec ? spec.record : spec

const stageServices = (
  request: RunRequest,
  startEngine: Effect.Effect<Chosen, EngineUnavailable>,
  send: Send
) =>
  Layer.mergeAll(
    Layer.effect(Checkpoint, liveCheckpoint(request.checkpoints, request.key)),
    Layer.effect(
      Engine,
      lazyEngine(startEngine, ({ engine, because }) => send({ _tag: "Engine", engine: engine.info, because }))
    ),
    Layer.succeed(Metrics, {
      log: (name, value, step) =>
        Effect.sync(() =>
          send({
            _tag: "Metric",
            name,
            value,
            ...(step === undefined || !Number.isFinite(step) ? {} : { step })
          })
        )
    }),
    Layer.succeed(Progress, {
      // It changes no result, so it must not fail a stage either.
      report: (done, total, unit) =>
        Effect.sync(() => {
          if (Number.isFinite(done) && Number.isFinite(total)) send({ _tag: "Progress", done, total, unit })
        })
    }),
    Logger.layer([
      Logger.make(({ logLevel, message }) =>
        send({ _tag: "Log", level: levels[logLevel] ?? "info", message: textOf(message) })
      )
    ]),
    // Only what the stage declared is visible, because only that is in its key.
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: request.environment }))
  )

const levels: { readonly [level: string]: "debug" | "info" | "warning" | "error" } = {
  All: "debug",
  Trace: "debug",
  Debug: "debug",
  Info: "info",
  Warn: "warning",
  Error: "error",
  Fatal: "error"
}

const textOf = (message: unknown): string =>
  (Array.isArray(message) ? message : [message])
    .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
    .join(" ")
