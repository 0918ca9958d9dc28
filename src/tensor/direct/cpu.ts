/** The engine `cpu`: plain JavaScript. It runs everywhere and has every kernel, slowly. */
import "@tensorflow/tfjs-backend-cpu"
import { version_cpu } from "@tensorflow/tfjs-backend-cpu"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { startBackend } from "./backend.ts"
import { directEngine } from "./engine.ts"

export const cpuEngine = Effect.as(
  startBackend("cpu", "cpu", "this is a mistake of the program; please report it"),
  directEngine({
    info: {
      name: "cpu",
      device: "cpu",
      threads: 1,
      versions: { "@tensorflow/tfjs-core": tf.version_core, "@tensorflow/tfjs-backend-cpu": version_cpu }
    },
    registered: "cpu",
    readsAtOnce: true
  })
)
