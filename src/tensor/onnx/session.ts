/** Sessions of ONNX Runtime, shared between programs that have the same step and the same shapes. */
import { Effect, type Scope } from "effect"
import type { InferenceSession } from "onnxruntime-node"
import type { Signature } from "../engine.ts"
import type { Compiled } from "./compile.ts"

export interface Session {
  readonly compiled: Compiled
  readonly inference: InferenceSession
}

interface Held {
  readonly session: Promise<Session>
  holders: number
}

/** Keeps each session as long as a scope holds it. */
export class Sessions {
  readonly #byStep = new WeakMap<object, Map<string, Held>>()

  /**
   * The session for a step and its shapes, made if no other scope holds it.
   *
   * @param step the function that the author wrote: its identity says what the session computes
   */
  get(
    step: object,
    inputs: Signature,
    state: Signature,
    make: () => Promise<Session>
  ): Effect.Effect<Session, unknown, Scope.Scope> {
    const key = JSON.stringify([inputs, state])
    const held = Effect.sync(() => {
      const ofStep = this.#byStep.get(step) ?? new Map<string, Held>()
      this.#byStep.set(step, ofStep)
      const known = ofStep.get(key)
      if (known !== undefined) {
        known.holders++
        return known
      }
      const made: Held = { session: make(), holders: 1 }
      ofStep.set(key, made)
      // Whoever waits for it sees why it could not be made; whoever asks later tries again.
      made.session.catch(() => this.#forget(step, key, made))
      return made
    })
    return Effect.acquireRelease(held, (mine) => this.#release(step, key, mine)).pipe(
      Effect.flatMap(({ session }) => Effect.tryPromise({ try: () => session, catch: (error) => error }))
    )
  }

  #forget(step: object, key: string, held: Held): void {
    const ofStep = this.#byStep.get(step)
    if (ofStep?.get(key) === held) ofStep.delete(key)
  }

  #release(step: object, key: string, held: Held): Effect.Effect<void> {
    return Effect.promise(async () => {
      held.holders--
      if (held.holders > 0) return
      this.#forget(step, key, held)
      // A session that could not be made has nothing to give back.
      await held.session.then(({ inference }) => inference.release()).catch(() => {})
    })
  }
}
