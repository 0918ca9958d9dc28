/**
 * The engine `tfjs-node-gpu`: TensorFlow.js on libtensorflow, on an NVIDIA GPU where it sees one and else on the CPU.
 *
 * Its package is large and takes its libraries from the network while it is installed, so it is the user's to install:
 * beside this package, in the project, or in a directory that PIPELINE_TFJS_NODE names.
 */
import { createRequire } from "node:module"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import type { EngineInfo } from "../engine.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { startBackend } from "./backend.ts"
import { directEngine } from "./engine.ts"
import { findPackage } from "./find-package.ts"
import { nvidiaGpuName } from "./nvidia.ts"

/** Its backend has to be of the release that this program's TensorFlow.js is of. */
const release = tf.version_core

const hint = `npm install @tensorflow/tfjs-node-gpu@${release} (Linux or Windows, x64, with CUDA 11 and cuDNN 8 for the GPU)`

/** What TensorFlow.js's backend tells of itself. */
const Started = Schema.Struct({
  isUsingGpuDevice: Schema.Boolean,
  binding: Schema.Struct({ TF_Version: Schema.String })
})

/**
 * @param threads how many cores libtensorflow may use; the first engine of a process decides
 * @param directory where the package is installed, if it is not where this process would look for it
 */
export const tfjsNodeEngine = Effect.fnUntraced(function* (
  threads: number,
  directory: string | undefined = process.env["PIPELINE_TFJS_NODE"]
) {
  const found = find(directory)
  if (found === undefined) return yield* unavailable("it is not installed")
  if (found.version !== release)
    return yield* unavailable(`${found.name} is ${found.version}, and TensorFlow.js here is ${release}`)
  yield* load(found.path, threads)
  yield* startBackend("tfjs-node-gpu", "tensorflow", hint)
  const started = yield* Schema.decodeUnknownEffect(Started)(tf.backend()).pipe(
    Effect.mapError((error) => unavailable(`its backend is not the one that is known: ${error.message}`))
  )
  const info: EngineInfo = {
    name: "tfjs-node-gpu",
    device: started.isUsingGpuDevice ? (nvidiaGpuName() ?? "GPU") : "cpu",
    threads: threadsOf(threads),
    versions: {
      "@tensorflow/tfjs-core": tf.version_core,
      [found.name]: found.version,
      libtensorflow: started.binding.TF_Version
    }
  }
  return directEngine({ info, registered: "tensorflow", readsAtOnce: true })
})

const unavailable = (reason: string) => new EngineUnavailable({ engine: "tfjs-node-gpu", reason, hint })

/** The package with the GPU's libraries, or else the one without, which works the same way on the CPU. */
const find = (directory: string | undefined) => {
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
    const found = findPackage(name, directory)
    if (found !== undefined) return { name, ...found }
  }
  return undefined
}

/** libtensorflow takes the number of its threads, and how much it says, from the environment, once. */
const load = (path: string, threads: number) =>
  Effect.try({
    try: () => {
      const settings = {
        TF_CPP_MIN_LOG_LEVEL: "2",
        TF_NUM_INTRAOP_THREADS: String(threads),
        TF_NUM_INTEROP_THREADS: "1",
        // Without it, it uses all of a GPU's memory from the first moment, and a second worker finds none.
        TF_FORCE_GPU_ALLOW_GROWTH: "true"
      }
      for (const [name, value] of Object.entries(settings)) process.env[name] ??= value
      // It uses functions of Node's that are deprecated, which is nobody's concern who reads a run's output.
      process.noDeprecation = true
      createRequire(import.meta.url)(path)
    },
    catch: (cause) =>
      unavailable(
        `it does not load: ${cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause)}`
      )
  })

const threadsOf = (threads: number): number => {
  const set = Number(process.env["TF_NUM_INTRAOP_THREADS"])
  return Number.isInteger(set) && set > 0 ? set : threads
}
