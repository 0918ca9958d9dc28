/**
 * The engine `webgpu`: any graphics processor that Dawn, the WebGPU of Chrome, has a driver for (Vulkan, Metal, D3D12).
 *
 * Its two packages are large and of use to few, so they are the user's to install.
 */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { startBackend } from "./backend.ts"
import { directEngine } from "./engine.ts"
import { type FoundPackage, findPackage } from "./find-package.ts"

const backendName = "@tensorflow/tfjs-backend-webgpu"
const hint = `npm install webgpu@0.6.2 ${backendName}@${tf.version_core}; it needs a graphics processor with its driver (Vulkan on Linux)`

/** What is needed of Dawn, and of what it gives. Functions of the outside world can only be looked at. */
const isFunction = (value: unknown): value is (...given: ReadonlyArray<unknown>) => unknown =>
  typeof value === "function"
const Call = Schema.declare(isFunction)
const Dawn = Schema.Struct({ create: Call, globals: Schema.Record(Schema.String, Schema.Unknown) })
const Gpu = Schema.Struct({ requestAdapter: Call })
const Adapter = Schema.Struct({
  info: Schema.Struct({ vendor: Schema.String, architecture: Schema.String, description: Schema.String })
})

export const webgpuEngine = Effect.gen(function* () {
  const [dawn, backend] = [findPackage("webgpu"), findPackage(backendName)]
  if (dawn === undefined || backend === undefined)
    return yield* unavailable(`${dawn === undefined ? "webgpu" : backendName} is not installed`)
  if (backend.version !== tf.version_core)
    return yield* unavailable(
      `${backendName} is ${backend.version}, and TensorFlow.js here is ${tf.version_core}`
    )
  const device = yield* Effect.tryPromise({
    try: () => offerGpu(dawn),
    catch: (cause) => unavailable(cause instanceof Error ? cause.message : String(cause))
  })
  yield* Effect.try({
    try: (): unknown => createRequire(import.meta.url)(backend.path),
    catch: (cause) => unavailable(cause instanceof Error ? cause.message : String(cause))
  })
  yield* startBackend("webgpu", "webgpu", hint)
  const versions = {
    "@tensorflow/tfjs-core": tf.version_core,
    [backendName]: backend.version,
    webgpu: dawn.version
  }
  return directEngine({
    info: { name: "webgpu", device, threads: 1, versions },
    registered: "webgpu",
    readsAtOnce: false
  })
})

const unavailable = (reason: string) => new EngineUnavailable({ engine: "webgpu", reason, hint })

/** Puts Dawn where the backend looks for a browser's WebGPU, and returns the graphics processor's name. */
const offerGpu = async ({ path }: FoundPackage): Promise<string> => {
  const { create, globals } = Schema.decodeUnknownSync(Dawn)(await import(pathToFileURL(path).href))
  Object.assign(globalThis, globals)
  const gpu = create([])
  const { requestAdapter } = Schema.decodeUnknownSync(Gpu)(gpu)
  const adapter = await Reflect.apply(requestAdapter, gpu, [])
  if (adapter === null || adapter === undefined)
    throw new Error("Dawn finds no graphics processor with a driver")
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true })
  const { info } = Schema.decodeUnknownSync(Adapter)(adapter)
  return info.description === "" ? `${info.vendor} ${info.architecture}` : info.description
}
