/** Runs that somebody looks at: each is folded once, and from then on only what its journal grew by is read. */
import { Clock, Effect, Option, Semaphore } from "effect"
import { Leases } from "../../artifact/leases.ts"
import type { StoreFault } from "../../artifact/store-error.ts"
import { decodeEvent } from "../../track/journal-line.ts"
import type { PlanFile } from "../../track/plan-file.ts"
import { RunStore, runLeaseKey } from "../../track/run-store.ts"
import { RunFold, type RunView } from "../../track/run-view.ts"

const pieceBytes = 1 << 18
/** A folded run may hold many curves, so only the last ones are kept. */
const most = 8

/** A run as it stands, and how much of its journal that is. */
export interface Sight {
  readonly view: RunView
  readonly position: number
}

export class OpenRuns {
  readonly #open = new Map<string, OpenRun>()

  /** @param id of a run that is in the store */
  look(id: string): Effect.Effect<Sight, StoreFault, RunStore | Leases> {
    return Effect.gen({ self: this }, function* () {
      const known = this.#open.get(id)
      const run = known ?? new OpenRun(id, yield* Effect.flatMap(RunStore, (runs) => runs.plan(id)))
      this.#open.delete(id)
      this.#open.set(id, run)
      for (const oldest of this.#open.keys()) if (this.#open.size > most) this.#open.delete(oldest)
      return yield* run.look
    })
  }
}

class OpenRun {
  readonly #id: string
  readonly #fold: RunFold
  readonly #one = Semaphore.makeUnsafe(1)
  #position = 0

  constructor(id: string, plan: PlanFile | undefined) {
    this.#id = id
    this.#fold = new RunFold(plan?.nodes ?? [])
  }

  get look(): Effect.Effect<Sight, StoreFault, RunStore | Leases> {
    return this.#one.withPermits(1)(
      Effect.gen({ self: this }, function* () {
        const runs = yield* RunStore
        for (;;) {
          const { lines, next } = yield* runs.piece(this.#id, this.#position, pieceBytes)
          if (next === this.#position) break
          for (const line of lines) this.#add(line)
          this.#position = next
          yield* Effect.yieldNow
        }
        const alive = (yield* (yield* Leases).holder(runLeaseKey(this.#id))) !== undefined
        const view = this.#fold.view({ alive, now: yield* Clock.currentTimeMillis })
        // A journal that was cut at its first line does not know its own run.
        return { view: { ...view, id: this.#id }, position: this.#position }
      })
    )
  }

  #add(line: string): void {
    const event = Option.getOrUndefined(decodeEvent(line))
    if (event !== undefined) this.#fold.add(event)
  }
}
