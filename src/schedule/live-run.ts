/**
 * Runs and garbage collection keep out of each other's way through leases.
 *
 * A run takes its own lease, makes its directory, and then looks for a collection; a collection takes its lease and then
 * looks for runs. Whatever the order, one of them sees the other.
 */
import { Effect, Schedule } from "effect"
import { digestOf } from "../artifact/digest.ts"
import { Leases } from "../artifact/leases.ts"
import { runLeaseKey } from "../track/run-store.ts"

/** The lease that a garbage collection holds while it works. */
export const collectionLeaseKey = digestOf("garbage collection")

/** Marks a run as alive until the scope closes. */
export const holdRunLease = Effect.fnUntraced(function* (id: string) {
  const leases = yield* Leases
  // A run's identifier is new, so nobody can hold its lease.
  yield* leases.acquire(runLeaseKey(id), `run ${id}`).pipe(Effect.catchTag("LeaseHeld", Effect.die))
})

/** Waits while garbage is being collected. The run's directory must be there by now. */
export const waitForCollection = Effect.fnUntraced(function* (id: string) {
  const leases = yield* Leases
  const collecting = Effect.scoped(leases.acquire(collectionLeaseKey, `run ${id}`))
  // Taken and given back at once: it only has to be free.
  yield* Effect.retry(collecting, {
    while: (error) => error._tag === "LeaseHeld",
    schedule: Schedule.spaced("200 millis")
  })
})
