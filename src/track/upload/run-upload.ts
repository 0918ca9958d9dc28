/**
 * Sends one run's journal to a server, a window at a time.
 *
 * The cursor moves when the server has taken a window whole. A turn that failed is made again: what is left of its window
 * is sent again, which changes nothing that is there already.
 */
import { Effect, Result } from "effect"
import { Disk } from "../../artifact/disk.ts"
import type { StoreLayout } from "../../artifact/layout.ts"
import { type Lease, Leases } from "../../artifact/leases.ts"
import { onDisk } from "../../artifact/store-fault.ts"
import type { Event } from "../event.ts"
import type { MlflowSettings } from "../mlflow/settings.ts"
import { RunStore, runLeaseKey } from "../run-store.ts"
import { type Cursor, type Problem, writeCursor } from "./cursor.ts"
import { UploadFold } from "./fold.ts"
import { urlOf } from "./link.ts"
import { type Missing, missingKey } from "./missing.ts"
import { type Lane, runKeyOf } from "./operation.ts"
import type { Report } from "./report.ts"
import { type Registrations, RunVanished, sendLane } from "./send-lane.ts"
import { summarise } from "./summary.ts"
import { findTarget, type Target } from "./target.ts"
import { isFull, nextWindow, pointsIn, type Window, windowOf } from "./window.ts"

export interface RunToUpload {
  readonly id: string
  readonly started: Extract<Event, { _tag: "RunStarted" }>
  readonly layout: StoreLayout
  readonly settings: MlflowSettings
  readonly registrations: Registrations
  /** About how much of the journal goes out at a time. */
  readonly windowBytes: number
  /** Of all uploaders, one works on the run. */
  readonly lease: Lease
  /** Where it goes on. */
  readonly cursor: Cursor
  /** What the server did not take the last time is tried again. */
  readonly again: boolean
  readonly report: (report: Report) => void
}

/**
 * What a turn came to. `some`: it sent what there was, which was little. `level`: the server has all that there is, and the
 * run goes on.
 */
export type Turn = "more" | "some" | "level" | "complete"

/** Runs of MLflow that are written to at the same time. */
const together = 4
/** Refusals that the cursor keeps. */
const mostRefused = 20

export const makeRunUpload = Effect.fnUntraced(function* (run: RunToUpload) {
  const { id, started, layout, settings, registrations, windowBytes, lease, report } = run
  const runs = yield* RunStore
  const leases = yield* Leases
  const disk = yield* Disk
  const plan = yield* runs.plan(id)
  const root = runKeyOf(started.continues?.first ?? id)
  const fold = new UploadFold(plan, run.cursor.state)
  const summary = summarise(id, plan).pipe(Effect.provideService(RunStore, runs))
  const told = new Set<string>()
  let cursor = run.cursor
  let target: Target | undefined
  let window: Window | undefined
  const missing = new Map((cursor.missing ?? []).map((each) => [missingKey(each.operation), each]))
  let retry = run.again ? [...missing.values()] : []
  let again = false
  let announced = false

  const tell = (message: string): void => {
    if (told.has(message)) return
    told.add(message)
    report({ _tag: "Warning", run: id, message })
  }

  /** Whether an operation is about a model of a node of which more is missing. */
  const isPart = (operation: Missing["operation"]): boolean => {
    const known = missing.get(missingKey(operation))?.operation
    return operation._tag === "Produced" && operation.isShown && known?._tag === "Produced" && !known.isShown
  }

  /** What a lane showed is not missing any more, unless it is again. */
  const keep = (lane: Lane, found: ReadonlyArray<Missing>): void => {
    if (lane.produced !== undefined && !isPart(lane.produced)) missing.delete(missingKey(lane.produced))
    if (lane.ended) missing.delete(missingKey({ _tag: "Ended", run: lane.run }))
    for (const each of found) {
      if (!isPart(each.operation)) missing.set(missingKey(each.operation), each)
      for (const message of each.because) report({ _tag: "Warning", run: id, message })
    }
  }

  /** A cursor that cannot be written costs sending some things twice, which nobody sees. */
  const save = (next: Cursor) =>
    Effect.suspend(() => {
      cursor = next
      return Effect.catch(
        onDisk("write the cursor in", `${layout.runs}/${id}`, () => writeCursor(disk, layout, id, cursor)),
        (error) => Effect.sync(() => tell(`${error.message}; the run is sent all the same`))
      )
    })

  const connect = Effect.gen(function* () {
    const remembered = new Map(cursor.runs).get(root)
    const found = yield* findTarget(settings, started.pipeline, root)
    // The server has lost what the cursor says it has: another database, or somebody's cleaning.
    if (remembered !== undefined && !found.runs.has(root))
      return yield* new RunVanished({ server: cursor.server, run: root })
    return found
  })

  /** What is next. A journal that ends in the middle, and that nobody writes any more, gets an end. */
  const look = Effect.gen(function* () {
    if (retry.length > 0) {
      const operations = retry.map(({ operation }) => operation)
      retry = []
      return windowOf(operations, cursor.offset, cursor.offset, fold.state)
    }
    const found = yield* nextWindow(id, cursor.offset, windowBytes, fold)
    if (found !== undefined || fold.state.status !== "running") return found
    if ((yield* leases.holder(runLeaseKey(id))) !== undefined) return undefined
    // It may have written its last lines between the two looks.
    const last = yield* nextWindow(id, cursor.offset, windowBytes, fold)
    return last ?? windowOf(fold.abandon(), cursor.offset, cursor.offset, fold.state)
  })

  /** What is done leaves the step, so that another attempt is about the rest. */
  const sendStep = Effect.fnUntraced(function* (step: Array<Lane>, found: Target) {
    const results = yield* Effect.forEach(
      [...step],
      // None is interrupted because another one fails: it could be creating something.
      (lane) => Effect.result(sendLane(lane, { target: found, again, registrations, summary })),
      { concurrency: together }
    )
    const lanes = step.splice(0)
    for (const [index, result] of results.entries()) {
      const lane = lanes[index]
      if (lane === undefined) continue
      if (Result.isSuccess(result)) {
        result.success.notes.forEach(tell)
        keep(lane, result.success.missing)
      } else step.push(lane)
    }
    const failure = results.find(Result.isFailure)
    if (failure !== undefined) return yield* Effect.fail(failure.failure)
  })

  const send = Effect.fnUntraced(function* (sending: Window, found: Target) {
    const points = pointsIn(sending)
    for (const step of sending.steps) {
      yield* lease.confirm
      yield* sendStep(step, found)
    }
    const { problem: _solved, ...rest } = cursor
    yield* save({
      ...rest,
      experiment: found.experiment,
      offset: sending.next,
      state: sending.state,
      runs: Array.from(found.runs, ([key, { id }]) => [key, id] as const),
      refused: [...new Set([...cursor.refused, ...told])].slice(0, mostRefused),
      missing: [...missing.values()]
    })
    const bytesLeft = Math.max(0, (yield* runs.size(id)) - sending.next)
    const url = urlOf(cursor)
    if (!announced && url !== undefined) report({ _tag: "Connected", run: id, url })
    announced = true
    report({ _tag: "Sent", run: id, points, bytesLeft })
  })

  const turn = Effect.gen(function* () {
    target ??= yield* connect
    window ??= yield* look
    if (window === undefined) {
      if (fold.state.status === "running") return "level"
      yield* save({ ...cursor, complete: true })
      const url = urlOf(cursor)
      report({ _tag: "Done", run: id, ...(url === undefined ? {} : { url }) })
      return "complete"
    }
    yield* send(window, target)
    const turn = isFull(window, windowBytes) || fold.state.status !== "running" ? "more" : "some"
    again = false
    window = undefined
    return turn
  }).pipe(
    // What an attempt did before it failed is found by looking.
    Effect.onError(() =>
      Effect.sync(() => {
        again = true
        target = undefined
      })
    )
  )

  return {
    turn,
    /** Keeps in mind, for `pipeline track status`, why it does not get on. */
    remember: (problem: Problem) => save({ ...cursor, problem }),
    cursor: () => cursor,
    /** As far as the journal was sent, it has no end. */
    goesOn: () => fold.state.status === "running"
  }
})
