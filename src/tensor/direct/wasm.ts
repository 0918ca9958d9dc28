/**
 * The engine `wasm`: WebAssembly with SIMD instructions, on one core.
 *
 * TensorFlow.js starts its threads in browsers only.
 *
 * @see https://github.com/tensorflow/tfjs/issues/3830
 */
import { version_wasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { startBackend } from "./backend.ts"
import { directEngine } from "./engine.ts"
import { registerWasmKernels } from "./wasm-kernels.ts"

// Where this module is loaded, the backend has its own kernels. These come on top of them, once.
registerWasmKernels()

/**
 * Emscripten makes every error that nobody caught its own business, in the whole process. What it adds is taken away
 * again: others handle such errors too.
 */
const withoutHandlers = <A, E>(start: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const exceptions = new Set(process.listeners("uncaughtException"))
    const rejections = new Set(process.listeners("unhandledRejection"))
    const remove = () => {
      for (const listener of process.listeners("uncaughtException"))
        if (!exceptions.has(listener)) process.off("uncaughtException", listener)
      for (const listener of process.listeners("unhandledRejection"))
        if (!rejections.has(listener)) process.off("unhandledRejection", listener)
    }
    return Effect.ensuring(start, Effect.sync(remove))
  })

export const wasmEngine = Effect.as(
  withoutHandlers(
    startBackend("wasm", "wasm", "install the package again (npm ci); its .wasm files are part of it")
  ),
  directEngine({
    info: {
      name: "wasm",
      device: "cpu",
      threads: 1,
      versions: { "@tensorflow/tfjs-core": tf.version_core, "@tensorflow/tfjs-backend-wasm": version_wasm }
    },
    registered: "wasm",
    readsAtOnce: true
  })
)
