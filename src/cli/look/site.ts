/** Which page is where. A run is looked up among those of the store; no part of an address is ever a path on the disk. */
import { Clock, Effect } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Leases } from "../../artifact/leases.ts"
import type { StoreFault } from "../../artifact/store-error.ts"
import { html } from "../../report/html.ts"
import { renderReport } from "../../report/index.ts"
import { type NoSuchRun, RunStore } from "../../track/run-store.ts"
import { type Answer, report } from "./answer.ts"
import { framed } from "./frame.ts"
import { OpenRuns } from "./open-run.ts"
import { runPage } from "./pages/run.ts"
import { runsPage, signature } from "./pages/runs.ts"
import type { Wanted } from "./request.ts"
import { RunList } from "./run-list.ts"

export type Sources = RunStore | Leases | Artifacts
type Answered = Effect.Effect<Answer, StoreFault | NoSuchRun, Sources>

/** Runs that the list shows unless it is asked for all: a page of thousands is slow to read, for browsers and people. */
const mostListed = 100

/** How often the store is looked at while somebody watches. */
const glance = { run: "500 millis", list: "2 seconds" } as const
/** When a page is renewed though nothing happened: clocks go on. */
const renewal = { run: "2 seconds", list: "30 seconds" } as const

export class Site {
  readonly #list = new RunList()
  readonly #open = new OpenRuns()
  readonly #store: string

  /** @param store the directory, for people */
  constructor(store: string) {
    this.#store = store
  }

  /** Makes the list once for nobody, so that the first one is as quick as the others. */
  get warmUp(): Effect.Effect<unknown, StoreFault | NoSuchRun, Sources> {
    return this.#runs(false)
  }

  answer({ path, query }: Wanted): Effect.Effect<Answer, never, Sources> {
    return this.#page(path, query).pipe(
      Effect.catchTag("NoSuchRun", ({ run }) => Effect.succeed(noRun(run))),
      Effect.catch((fault) => Effect.succeed(problem(500, `The store cannot be read: ${fault.message}`)))
    )
  }

  #page(path: ReadonlyArray<string>, query: URLSearchParams): Answered {
    const [first, id, last] = path
    if (path.length === 0) return this.#runs(query.has("all"))
    if (first === "runs" && id !== undefined && path.length <= 3) return this.#run(id, last, query)
    if (first === "compare" && path.length === 1) return this.#compare(query.getAll("run"))
    if (first === "live" && path.length === 1) return this.#listGrows(query.get("seen") ?? "")
    return Effect.succeed(nothing)
  }

  #runs(all: boolean): Answered {
    return Effect.gen({ self: this }, function* () {
      const newest = yield* this.#list.newest(all ? Number.POSITIVE_INFINITY : mostListed)
      return runsPage({ newest, store: this.#store, now: yield* Clock.currentTimeMillis })
    })
  }

  #run(id: string, what: string | undefined, query: URLSearchParams): Answered {
    return Effect.gen({ self: this }, function* () {
      if (!(yield* (yield* RunStore).ids).includes(id)) return noRun(id)
      if (what === "live") return yield* runGrows(id, Number(query.get("from") ?? 0))
      if (what === "report") return report(yield* renderReport([id]))
      if (what !== undefined) return nothing
      const sight = yield* this.#open.look(id)
      return runPage(sight, yield* this.#list.before(sight.view))
    })
  }

  #compare(ids: ReadonlyArray<string>): Answered {
    return Effect.gen({ self: this }, function* () {
      const known = yield* (yield* RunStore).ids
      // Identifiers begin with the time: the older one comes first, as everywhere.
      const [a, b] = ids.toSorted()
      if (a === undefined || b === undefined || ids.length > 2)
        return problem(400, "Tick two runs in the list to compare them.")
      const missing = ids.find((id) => !known.includes(id))
      return missing === undefined ? report(yield* renderReport([a, b])) : noRun(missing)
    })
  }

  /** Tells once, when the list is another than the one that was seen. */
  #listGrows(seen: string): Answered {
    return told(
      Effect.map(this.#list.newest(mostListed), ({ runs }) => signature(runs) !== seen),
      "list"
    )
  }
}

/** Tells once, when the journal is longer than what was seen. */
const runGrows = (id: string, from: number): Answered =>
  Effect.flatMap(RunStore, (runs) =>
    told(
      Effect.map(runs.size(id), (size) => size > from),
      "run"
    )
  )

/** One event, when there is news or it is time. */
const told = <R>(
  isNews: Effect.Effect<boolean, StoreFault, R>,
  what: keyof typeof glance
): Effect.Effect<Answer, never, R> =>
  Effect.map(Effect.context<R>(), (context) => ({
    _tag: "Events",
    events: (tell) =>
      Effect.sleep(glance[what]).pipe(
        Effect.andThen(isNews),
        Effect.repeat({ until: (news) => news }),
        Effect.timeoutOption(renewal[what]),
        Effect.provide(context),
        Effect.ignore,
        Effect.andThen(Effect.sync(tell))
      )
  }))

const problem = (status: number, text: string): Answer =>
  framed({
    title: status === 404 ? "Not here" : "This does not work",
    status,
    body: html`<p>${text}</p>`
  })

const nothing = problem(404, "There is no such page.")
const noRun = (id: string) => problem(404, `There is no run ${id} in this store. It may have been collected.`)
