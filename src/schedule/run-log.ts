/**
 * Where a run's events go: the journal first, then whoever watches.
 *
 * Events come from fibers and from workers' messages, so adding one is a plain call. A journal that cannot be written ends
 * the run: what is not in the journal did not happen.
 */
import { Deferred, Effect } from "effect"
import { isSystemError } from "../artifact/disk.ts"
import type { StoreFault } from "../artifact/store-error.ts"
import { storeFault } from "../artifact/store-fault.ts"
import type { Event } from "../track/event.ts"
import type { Journal } from "../track/run-store.ts"

export interface RunLog {
  add(event: Event): void
  /** Holds events back until the returned function is called, so that many of them are flushed to disk once. */
  hold(): () => void
  /** Fails when the journal could not be written. */
  readonly broken: Effect.Effect<never, StoreFault>
}

/** @param watch is told of every event after the journal has it */
export const makeRunLog = (journal: Journal, directory: string, watch: (event: Event) => void): RunLog => {
  const broken = Deferred.makeUnsafe<never, StoreFault>()
  let waiting: Array<Event> = []
  let holders = 0

  const flush = (): void => {
    const events = waiting
    waiting = []
    try {
      journal.append(events)
    } catch (cause) {
      if (!isSystemError(cause)) throw cause
      Deferred.doneUnsafe(broken, Effect.fail(storeFault("write the journal in", directory, cause)))
    }
    for (const event of events) watch(event)
  }

  return {
    add: (event) => {
      waiting.push(event)
      if (holders === 0) flush()
    },
    hold: () => {
      holders++
      return () => {
        holders--
        if (holders === 0 && waiting.length > 0) flush()
      }
    },
    broken: Deferred.await(broken)
  }
}
