/** An engine that is started when it is first needed. */
import { Effect } from "effect"
import type { Chosen } from "./choose.ts"
import { EngineFailure, type EngineShape } from "./engine.ts"
import type { EngineUnavailable } from "./engine-unavailable.ts"

/**
 * Whether this process has loaded TensorFlow.js, which keeps its one engine in a global variable.
 *
 * @see `getOrMakeEngine` in tfjs-core/src/engine.ts
 */
const hasTensors = (): boolean => "_tfengine" in globalThis

/**
 * The engine for code that is loaded by now. Code that has loaded TensorFlow.js computes with tensors, so its engine is
 * started at once; any other code gets one that starts if it is used after all.
 *
 * @param start starts the engine, or gives the one that was started before
 * @param onUse is told when the first program is compiled
 */
export const lazyEngine = Effect.fnUntraced(function* (
  start: Effect.Effect<Chosen, EngineUnavailable>,
  onUse: (chosen: Chosen) => void
) {
  let started = hasTensors() ? yield* start : undefined
  let used = false
  const shape: EngineShape = {
    get info() {
      if (started === undefined) throw new Error("the engine has not been started: compile a program first")
      return started.engine.info
    },
    compile: (options) =>
      start.pipe(
        Effect.mapError(
          ({ engine, reason, hint }) => new EngineFailure({ engine, program: options.name, reason, hint })
        ),
        Effect.flatMap((chosen) => {
          started = chosen
          if (!used) onUse(chosen)
          used = true
          return chosen.engine.compile(options)
        })
      )
  }
  return shape
})
