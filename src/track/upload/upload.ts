/**
 * Brings a run to a server, with the runs that it takes up, and keeps on while the server is away.
 *
 * One uploader at a time works on runs that take each other up: it holds a lease. Nobody waits for it: the run writes its
 * journal, and this reads it.
 */
import { Clock, Deferred, Effect, Result, Schedule } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import { digestOf } from "../../artifact/digest.ts"
import { Disk } from "../../artifact/disk.ts"
import type { StoreLayout } from "../../artifact/layout.ts"
import { type Lease, type LeaseLost, Leases } from "../../artifact/leases.ts"
import type { StoreFault } from "../../artifact/store-error.ts"
import type { Event } from "../event.ts"
import { isTransient, type Mlflow, type MlflowError } from "../mlflow/client.ts"
import type { MlflowSettings } from "../mlflow/settings.ts"
import { type RunEnds, RunStore } from "../run-store.ts"
import { type Cursor, newCursor, readCursor } from "./cursor.ts"
import { urlOf } from "./link.ts"
import type { Report } from "./report.ts"
import { makeRunUpload, type Turn } from "./run-upload.ts"
import type { Registrations } from "./send-content.ts"
import type { RunVanished } from "./send-lane.ts"
import { wantedExperiment } from "./target.ts"
import { defaultWindowBytes } from "./window.ts"

export interface UploadOptions {
  readonly layout: StoreLayout
  readonly settings: MlflowSettings
  readonly registrations: Registrations
  readonly report: (report: Report) => void
  /** About how much of the journal goes out at a time: what memory must have room for. */
  readonly windowBytes?: number
  /** Go on while the run goes on, until it is over: then there is no need to wait for the next look. */
  readonly follow?: { readonly over: Deferred.Deferred<void> } | undefined
}

export interface Uploaded {
  readonly run: string
  /** The server has everything, and there will be no more. */
  readonly complete: boolean
  readonly url: string | undefined
}

export type UploadError = MlflowError | RunVanished | StoreFault | LeaseLost

type Services = Mlflow | RunStore | Leases | Disk | Artifacts | Blobs

/** How often a growing journal is looked at. */
const lookEvery = "1 second"
/** How long a server may be away, with nobody writing the journal, before the rest is left to another time. */
const patienceMillis = 60_000
const shortestDelayMillis = 500
const longestDelayMillis = 30_000

/** Sends what a server does not have of a run. Fails where somebody's hand is needed, or the server stays away. */
export const uploadRun = Effect.fnUntraced(function* (
  id: string,
  options: UploadOptions
): Effect.fn.Return<Uploaded, UploadError, Services> {
  const runs = yield* RunStore
  const { started } = yield* runs.ends(id)
  // Killed before it wrote a line: there is nothing to tell.
  if (started === undefined) return { run: id, complete: true, url: undefined }
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const lease = yield* takeLease(id, started.continues?.first ?? id, options)
      // Where the server lost what it had, all of it goes out once more.
      const anew = () => uploadChain(id, options, lease, true)
      return yield* Effect.catchTags(uploadChain(id, options, lease, false), {
        RunVanished: anew,
        MlflowNotFound: anew
      })
    })
  )
})

/** Under this lease one uploader at a time works on runs that take each other up. */
export const uploadLeaseKey = (server: string, first: string) => digestOf(`mlflow ${server} ${first}`)

/** Waits for another uploader to be done: what it leaves, this one sends. */
const takeLease = Effect.fnUntraced(function* (
  id: string,
  first: string,
  { settings, report }: UploadOptions
) {
  const leases = yield* Leases
  const key = uploadLeaseKey(settings.address, first)
  let told = false
  return yield* leases.acquire(key, `tracking of run ${id}`).pipe(
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (error._tag !== "LeaseHeld" || told) return
        told = true
        report({ _tag: "Waiting", run: id, message: `it is being sent already: ${error.holder}` })
      })
    ),
    Effect.retry({ while: (error) => error._tag === "LeaseHeld", schedule: Schedule.spaced("500 millis") }),
    Effect.catchTag("LeaseHeld", Effect.die)
  )
})

interface Link {
  readonly id: string
  readonly started: Extract<Event, { _tag: "RunStarted" }>
  readonly cursor: Cursor | undefined
}

/** The run and those before it that the server does not have whole, oldest first. */
const chainOf = Effect.fnUntraced(function* (id: string, { layout, settings }: UploadOptions, anew: boolean) {
  const runs = yield* RunStore
  const disk = yield* Disk
  const chain: Array<Link> = []
  for (let next: string | undefined = id; next !== undefined; ) {
    const { started }: RunEnds = yield* runs.ends(next)
    // It was removed; what is left goes out without it.
    if (started === undefined) break
    const destination = { server: settings.address, wanted: wantedExperiment(settings, started.pipeline) }
    const stored = readCursor(disk, layout, next, destination)
    chain.unshift({ id: next, started, cursor: anew ? newCursor(destination) : stored })
    if (stored?.complete === true && next !== id && !anew) break
    next = started.continues?.run
  }
  return chain
})

const uploadChain = Effect.fnUntraced(function* (
  id: string,
  options: UploadOptions,
  lease: Lease,
  anew: boolean
) {
  const { layout, settings, registrations, report, windowBytes = defaultWindowBytes } = options
  let before: Cursor | undefined
  let turn: Turn = "complete"
  for (const { id: link, started, cursor } of yield* chainOf(id, options, anew)) {
    const isLast = link === id
    if (cursor?.complete === true && !isLast) {
      before = cursor
      continue
    }
    const wanted = wantedExperiment(settings, started.pipeline)
    const fresh =
      before === undefined
        ? newCursor({ server: settings.address, wanted })
        : { ...before, offset: 0, complete: false, refused: [] }
    const begun = cursor === undefined || cursor.offset === 0 ? fresh : cursor
    const upload = yield* makeRunUpload({
      id: link,
      started,
      layout,
      settings,
      registrations,
      windowBytes,
      lease,
      cursor: begun,
      report
    })
    turn = yield* drive(link, upload, report, isLast ? options.follow : undefined)
    before = upload.cursor()
  }
  const url = before === undefined ? undefined : urlOf(before)
  return { run: id, complete: turn === "complete", url } satisfies Uploaded
})

/** Takes turns until there is nothing more to do. */
const drive = Effect.fnUntraced(function* (
  id: string,
  upload: Effect.Success<ReturnType<typeof makeRunUpload>>,
  report: UploadOptions["report"],
  follow: UploadOptions["follow"]
) {
  let delay = shortestDelayMillis
  let failingSince: number | undefined
  for (;;) {
    const result = yield* Effect.result(upload.turn)
    if (Result.isSuccess(result)) {
      failingSince = undefined
      delay = shortestDelayMillis
      const turn = result.success
      if (turn === "complete" || (turn === "level" && follow === undefined)) return turn
      if (turn !== "more" && follow !== undefined) yield* pause(lookEvery, follow.over)
      continue
    }
    const error = result.failure
    const at = yield* Clock.currentTimeMillis
    const { message, hint } = error
    if (error._tag !== "LeaseLost") yield* upload.remember({ at, message, hint })
    failingSince ??= at
    const isFollowed = follow !== undefined && !(yield* Deferred.isDone(follow.over))
    if (!waitingHelps(error) || (!isFollowed && at - failingSince > patienceMillis))
      return yield* Effect.fail(error)
    report({ _tag: "Waiting", run: id, message, hint })
    yield* pause(delay, follow?.over)
    delay = Math.min(delay * 2, longestDelayMillis)
  }
})

const waitingHelps = (error: UploadError): boolean => {
  switch (error._tag) {
    case "LeaseLost":
    case "RunVanished":
    case "StoreFault":
      return false
    default:
      return isTransient(error)
  }
}

/** A rest, which ends early when the run does. */
const pause = Effect.fnUntraced(function* (
  time: Parameters<typeof Effect.sleep>[0],
  over: Deferred.Deferred<void> | undefined
) {
  if (over === undefined || (yield* Deferred.isDone(over))) return yield* Effect.sleep(time)
  yield* Effect.raceFirst(Effect.sleep(time), Deferred.await(over))
})
