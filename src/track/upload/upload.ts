/**
 * Brings a run to a server, with the runs that it takes up, and keeps on while the server is away.
 *
 * One uploader at a time works on runs that take each other up: it holds a lease. Nobody waits for it: the run writes its
 * journal, and this reads it.
 */
import { Clock, Deferred, Effect, Result } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import { digestOf } from "../../artifact/digest.ts"
import { Disk } from "../../artifact/disk.ts"
import type { StoreLayout } from "../../artifact/layout.ts"
import { type Lease, type LeaseLost, Leases } from "../../artifact/leases.ts"
import type { StoreFault } from "../../artifact/store-error.ts"
import { onDisk } from "../../artifact/store-fault.ts"
import type { Event } from "../event.ts"
import { isTransient, type Mlflow, type MlflowError } from "../mlflow/client.ts"
import type { MlflowSettings } from "../mlflow/settings.ts"
import { type RunEnds, RunStore, runLeaseKey } from "../run-store.ts"
import { type Cursor, newCursor, readCursor, writeCursor } from "./cursor.ts"
import { urlOf } from "./link.ts"
import type { Report } from "./report.ts"
import { makeRunUpload, type Turn } from "./run-upload.ts"
import type { Registrations, RunVanished } from "./send-lane.ts"
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
  /** Milliseconds that a server may be away, counted from the first request that was given up. Default a minute. */
  readonly patience?: number
}

export interface Uploaded {
  readonly run: string
  /** The server has everything, and there will be no more. */
  readonly complete: boolean
  /** The run goes on. `followed`: another uploader sends it as it goes; else what there was is sent. */
  readonly live?: "followed" | "sent"
  /** What the server did not take for now, in sentences. */
  readonly missing: ReadonlyArray<string>
  readonly url: string | undefined
}

export type UploadError = MlflowError | RunVanished | StoreFault | LeaseLost

type Services = Mlflow | RunStore | Leases | Disk | Artifacts | Blobs

/** How often a growing journal is looked at. */
const lookEvery = "1 second"
/** How often it is looked whether another uploader is done. */
const leaseEvery = "500 millis"
/** How long a server may be away, with nobody writing the journal, before the rest is left to another time. */
const usualPatience = 60_000
/** How long who follows no run waits for another uploader to be done. */
const leasePatience = 10_000
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
  if (started === undefined) return { run: id, complete: true, missing: [], url: undefined }
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const lease = yield* takeLease(id, started.continues?.first ?? id, options)
      if (lease === undefined) return yield* followed(id, started, options)
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

/**
 * Waits for another uploader to be done: what it leaves, this one sends. But only who follows a run waits for a run's end, or for
 * an uploader that waits for its server: for others there is no lease then.
 */
const takeLease = Effect.fnUntraced(function* (
  id: string,
  first: string,
  { settings, report, follow }: UploadOptions
) {
  const leases = yield* Leases
  const isLive = liveness(first)
  const key = uploadLeaseKey(settings.address, first)
  const since = yield* Clock.currentTimeMillis
  for (let told = false; ; told = true) {
    const taken = yield* Effect.result(leases.acquire(key, `tracking of run ${id}`))
    if (Result.isSuccess(taken)) return taken.success
    const error = taken.failure
    if (error._tag !== "LeaseHeld") return yield* Effect.fail(error)
    const waited = (yield* Clock.currentTimeMillis) - since
    if (follow === undefined && (waited >= leasePatience || (yield* isLive))) return undefined
    if (!told) report({ _tag: "Waiting", run: id, message: `it is being sent already: ${error.holder}` })
    yield* Effect.sleep(leaseEvery)
  }
})

/** Asks whether one of the runs that take each other up goes on. Each journal is looked into once, however often that is asked. */
const liveness = (first: string) => {
  const others = new Set<string>()
  const chain = new Set<string>()
  return Effect.gen(function* () {
    const [runs, leases] = [yield* RunStore, yield* Leases]
    const ids = yield* runs.ids
    for (const id of ids.slice(Math.max(0, ids.indexOf(first)))) {
      if (others.has(id) || chain.has(id)) continue
      const { started } = yield* runs.ends(id)
      const isOne = started !== undefined && (started.continues?.first ?? id) === first
      if (isOne) chain.add(id)
      // One that has written nothing yet is looked at again.
      else if (started !== undefined) others.add(id)
    }
    for (const id of chain) if ((yield* leases.holder(runLeaseKey(id))) !== undefined) return true
    return false
  })
}

/** What is known of a run that another uploader sends. */
const followed = Effect.fnUntraced(function* (
  id: string,
  { pipeline }: Link["started"],
  { layout, settings }: UploadOptions
) {
  const disk = yield* Disk
  const destination = { server: settings.address, wanted: wantedExperiment(settings, pipeline) }
  const cursor = yield* onDisk("read", `${layout.runs}/${id}`, () =>
    readCursor(disk, layout, id, destination)
  )
  const complete = cursor?.complete === true
  return {
    run: id,
    complete,
    ...(complete ? {} : { live: "followed" as const }),
    missing: [],
    url: cursor === undefined ? undefined : urlOf(cursor)
  } satisfies Uploaded
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
  const disk = yield* Disk
  let before: Cursor | undefined
  let beforeId = ""
  let turn: Turn = "complete"
  for (const { id: link, started, cursor } of yield* chainOf(id, options, anew)) {
    const isLast = link === id
    if (cursor?.complete === true && !isLast) {
      before = cursor
      beforeId = link
      continue
    }
    const wanted = wantedExperiment(settings, started.pipeline)
    const fresh =
      before === undefined
        ? newCursor({ server: settings.address, wanted })
        : { ...before, offset: 0, complete: false, refused: [], missing: nodesOf(before) }
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
      again: isLast && options.follow === undefined,
      report
    })
    turn = yield* drive(link, upload, {
      report,
      follow: isLast ? options.follow : undefined,
      patience: options.patience ?? usualPatience
    })
    // It is this run's to be tried again now: what the one before showed as a whole is out of date.
    if (begun === fresh && before !== undefined && (before.missing ?? []).length > 0) {
      const left: Cursor = { ...before, missing: [] }
      // Where that fails, it is tried once too often.
      yield* Effect.ignore(
        onDisk("write the cursor in", `${layout.runs}/${beforeId}`, () =>
          writeCursor(disk, layout, beforeId, left)
        )
      )
    }
    before = upload.cursor()
    beforeId = link
  }
  return {
    run: id,
    complete: turn === "complete",
    ...(turn === "complete" ? {} : { live: "sent" as const }),
    missing: before?.missing?.flatMap(({ because }) => because) ?? [],
    url: before === undefined ? undefined : urlOf(before)
  } satisfies Uploaded
})

/** What is missing of nodes: their runs are those of the run that takes this one up. */
const nodesOf = ({ missing = [] }: Cursor) => missing.filter(({ operation }) => operation._tag === "Produced")

/** Takes turns until there is nothing more to do. */
const drive = Effect.fnUntraced(function* (
  id: string,
  upload: Effect.Success<ReturnType<typeof makeRunUpload>>,
  {
    report,
    follow,
    patience
  }: Pick<UploadOptions, "report" | "follow"> & Required<Pick<UploadOptions, "patience">>
) {
  const [runs, leases] = [yield* RunStore, yield* Leases]
  // A run that goes on may write as fast as this sends.
  const enough = follow === undefined ? yield* runs.size(id) : Number.POSITIVE_INFINITY
  let delay = shortestDelayMillis
  let failingSince: number | undefined
  for (;;) {
    const result = yield* Effect.result(upload.turn)
    if (Result.isSuccess(result)) {
      failingSince = undefined
      delay = shortestDelayMillis
      const turn = result.success
      if (turn === "complete" || (turn === "level" && follow === undefined)) return turn
      if (upload.goesOn() && upload.cursor().offset >= enough) {
        if ((yield* leases.holder(runLeaseKey(id))) !== undefined) return "level"
      }
      if (turn !== "more" && follow !== undefined) yield* pause(lookEvery, follow.over)
      continue
    }
    const error = result.failure
    const at = yield* Clock.currentTimeMillis
    const { message, hint } = error
    if (error._tag !== "LeaseLost") yield* upload.remember({ at, message, hint })
    failingSince ??= at
    const isFollowed = follow !== undefined && !(yield* Deferred.isDone(follow.over))
    if (!waitingHelps(error) || (!isFollowed && at - failingSince >= patience))
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
