/** The engines that this process has started. They stay: starting one takes longer than many a stage. */
import { Effect, Scope } from "effect"
import { type Chosen, startEngine } from "./choose.ts"
import type { EngineChoice } from "./engine-choice.ts"
import type { EngineUnavailable } from "./engine-unavailable.ts"

const started = new Map<string, Effect.Effect<Chosen, EngineUnavailable>>()

/** The engine that is wanted, started when this is run for the first time. */
export const startedEngine = (
  choice: EngineChoice,
  threads: number
): Effect.Effect<Chosen, EngineUnavailable> =>
  Effect.suspend(() => {
    const name = `${choice} ${threads}`
    const known = started.get(name)
    if (known !== undefined) return known
    // A scope that the end of the process closes.
    const made = Effect.runSync(
      Effect.cached(startEngine(choice, threads).pipe(Scope.provide(Scope.makeUnsafe())))
    )
    started.set(name, made)
    return made
  })
