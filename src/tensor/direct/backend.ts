/** What all of TensorFlow.js's backends have in common. */
import * as tf from "@tensorflow/tfjs-core"
import "#tfjs-gradients"
import { Effect } from "effect"
import type { EngineInfo } from "../engine.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"

/** A backend that has been started. */
export interface Backend {
  readonly info: EngineInfo
  /** The name that TensorFlow.js has it under. */
  readonly registered: string
  /** Whether its values can be read at once. Where the device takes its time, they come as a promise. */
  readonly readsAtOnce: boolean
}

// In this mode TensorFlow.js computes as ever, but does not advertise faster backends on standard error.
tf.enableProdMode()

/** Makes a backend the one that computes, for the first time. */
export const startBackend = (engine: EngineInfo["name"], registered: string, hint: string) =>
  Effect.tryPromise({
    try: async () => {
      if (!(await tf.setBackend(registered))) throw new Error(`its backend \`${registered}\` did not start`)
    },
    catch: (cause) =>
      new EngineUnavailable({ engine, reason: cause instanceof Error ? cause.message : String(cause), hint })
  })

/**
 * Makes a started backend the one that computes. There is one for the whole process, and other engines have theirs, so
 * everything that is computed has to say so first. It takes effect at once.
 */
export const useBackend = (registered: string): void => {
  if (tf.getBackend() !== registered) void tf.setBackend(registered)
}
