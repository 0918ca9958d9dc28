/** The runs of the store as a list, without reading more of a journal than its first and its last line. */
import { Effect } from "effect"
import { Leases } from "../../artifact/leases.ts"
import type { StoreFault } from "../../artifact/store-error.ts"
import { RunStore, runLeaseKey } from "../../track/run-store.ts"
import type { RunStatus } from "../../track/run-view.ts"

export interface ListedRun {
  readonly id: string
  readonly pipeline: string
  readonly preset: string
  readonly status: RunStatus
  /** Milliseconds since 1970; 0 where the journal has no beginning. */
  readonly startedAt: number
  /** Undefined while it runs, and where it never came to its end. */
  readonly seconds: number | undefined
  readonly nodes: number
}

export interface NewestRuns {
  /** Newest first. */
  readonly runs: ReadonlyArray<ListedRun>
  /** How many there are in the store. */
  readonly total: number
}

/** Remembers what has ended: a journal with an end never changes. */
export class RunList {
  readonly #ended = new Map<string, ListedRun>()

  /** The newest runs, newest first: identifiers begin with the time. */
  newest(most: number): Effect.Effect<NewestRuns, StoreFault, RunStore | Leases> {
    return Effect.gen({ self: this }, function* () {
      const ids = yield* (yield* RunStore).ids
      const runs: Array<ListedRun> = []
      for (const id of ids.toReversed().slice(0, most)) {
        runs.push(yield* this.#run(id))
        // A request must not wait for a thousand journals.
        if (runs.length % 64 === 0) yield* Effect.yieldNow
      }
      return { runs, total: ids.length }
    })
  }

  /** The run of the same pipeline before this one. */
  before({ id, pipeline }: Pick<ListedRun, "id" | "pipeline">) {
    return Effect.gen({ self: this }, function* () {
      const ids = yield* (yield* RunStore).ids
      for (const older of ids.filter((each) => each < id).toReversed())
        if ((yield* this.#run(older)).pipeline === pipeline) return older
      return undefined
    })
  }

  #run(id: string): Effect.Effect<ListedRun, StoreFault, RunStore | Leases> {
    const known = this.#ended.get(id)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.tap(listedRun(id), (run) =>
      Effect.sync(() => {
        if (run.seconds !== undefined) this.#ended.set(id, run)
      })
    )
  }
}

const listedRun = Effect.fnUntraced(function* (id: string) {
  const { started, finished } = yield* (yield* RunStore).ends(id)
  const alive = finished === undefined && (yield* (yield* Leases).holder(runLeaseKey(id))) !== undefined
  const run: ListedRun = {
    id,
    pipeline: started?.pipeline ?? "",
    preset: started?.preset ?? "",
    status: finished?.status ?? (alive ? "running" : "crashed"),
    startedAt: started?.at ?? 0,
    seconds: finished?.seconds,
    nodes: started?.nodes ?? 0
  }
  return run
})
