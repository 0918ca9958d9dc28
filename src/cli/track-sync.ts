/** The logic of `pipeline track sync`, for people and for a run that goes on. */
import * as os from "node:os"
import { Deferred, Effect, Result, Schema } from "effect"
import type { StoreLayout } from "../artifact/layout.ts"
import { RunStore } from "../track/run-store.ts"
import {
  cursorsOfRun,
  encodeReport,
  type Report,
  type UploadError,
  type Uploaded,
  uploadRun,
  uploadTo,
  wantedExperiment
} from "../track/upload/index.ts"
import { noteStyle, printJson, printNote, printResult, resultStyle, resultWidth } from "./output.ts"
import { bytes, count, plural } from "./view/format.ts"
import { stateWord } from "./view/style.ts"
import { table } from "./view/table.ts"
import { harmless } from "./view/text.ts"

/** No server is named. */
export class NoServer extends Schema.TaggedError<NoServer>()("NoServer", {}) {
  override get message() {
    return "no tracking server is named: MLFLOW_TRACKING_URI is not set"
  }
  get hint() {
    return "export MLFLOW_TRACKING_URI=http://127.0.0.1:5000; `pipeline track serve` starts a server there"
  }
}

/** Something could not be sent. */
export class SyncIncomplete extends Schema.TaggedError<SyncIncomplete>()("SyncIncomplete", {
  runs: Schema.Int,
  problem: Schema.String,
  cure: Schema.String
}) {
  override get message() {
    return `${plural(this.runs, "run")} could not be sent whole: ${this.problem}`
  }
  get hint() {
    return this.cure
  }
}

/** Somebody waits for the command: beside a run, a server may stay away for minutes. */
const impatient = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "3" }

/** @param which a run's reference, or `all`: every one that the server does not have whole */
export const syncRuns = Effect.fnUntraced(function* (which: string, layout: StoreLayout, json: boolean) {
  const destination = yield* uploadTo({ ...impatient, ...process.env })
  if (destination === undefined) return yield* new NoServer()
  const { client, settings, registrations } = destination
  const runs = yield* RunStore
  const wanted = (pipeline: string) => wantedExperiment(settings, pipeline)
  const ids =
    which === "all" ? yield* incompleteRuns(layout, settings.address, wanted) : [yield* runs.find(which)]
  const results: Array<SyncedRun> = []
  for (const id of ids) {
    const result = yield* Effect.result(
      uploadRun(id, { layout, settings, registrations, report: noteFor(id), patience: 0 }).pipe(
        Effect.provide(client)
      )
    )
    results.push(syncedRun(id, settings.address, result))
    // The others would fare no better.
    if (Result.isFailure(result) && concernsServer.has(result.failure._tag)) break
  }
  yield* json ? printJson(results) : printResult(textOf(results))
  const failed = results.filter(({ state }) => state === "failed")
  const problem = failed[0]
  if (problem === undefined) return
  return yield* new SyncIncomplete({
    runs: failed.length + ids.length - results.length,
    problem: problem.problem ?? "",
    cure: problem.hint ?? ""
  })
})

/** Runs of which the server at `address` lacks something, oldest first. */
const incompleteRuns = Effect.fnUntraced(function* (
  layout: StoreLayout,
  address: string,
  wanted: (pipeline: string) => string
) {
  const runs = yield* RunStore
  const found: Array<string> = []
  for (const id of yield* runs.ids) {
    const { started } = yield* runs.ends(id)
    if (started === undefined) continue
    const cursors = yield* cursorsOfRun(layout, id)
    const cursor = cursors.find((each) => each.server === address && each.wanted === wanted(started.pipeline))
    const isWhole = cursor?.complete === true && (cursor.missing ?? []).length === 0
    if (!isWhole || (yield* runs.size(id)) > cursor.offset) found.push(id)
  }
  return found
})

const concernsServer: ReadonlySet<UploadError["_tag"]> = new Set([
  "MlflowUnreachable",
  "MlflowRefused",
  "MlflowHostRefused",
  "MlflowUntrusted",
  "MlflowUnsupported",
  "MlflowServerFault"
])

interface SyncedRun {
  readonly run: string
  readonly server: string
  /** `live`: the run goes on. `partial`: the server has the run, and did not take some of its files, datasets or models. */
  readonly state: "complete" | "partial" | "live" | "failed"
  readonly url?: string
  /** Of a live run, whether its own uploader sends it, or what there was is sent. */
  readonly live?: "followed" | "sent"
  /** What was not taken, in sentences. */
  readonly missing?: ReadonlyArray<string>
  readonly problem?: string
  readonly hint?: string
}

const syncedRun = (run: string, server: string, result: Result.Result<Uploaded, UploadError>): SyncedRun => {
  if (Result.isFailure(result)) {
    const { message, hint } = result.failure
    return { run, server, state: "failed", problem: message, hint }
  }
  const { complete, missing, live, url } = result.success
  return {
    run,
    server,
    state: !complete ? "live" : missing.length > 0 ? "partial" : "complete",
    ...(url === undefined ? {} : { url }),
    ...(live === undefined ? {} : { live }),
    ...(missing.length === 0 ? {} : { missing })
  }
}

const textOf = (results: ReadonlyArray<SyncedRun>): string => {
  if (results.length === 0) return "nothing is outstanding\n"
  const style = resultStyle()
  const rows = results.map(({ run, state, url, problem }) => [
    harmless(run),
    stateWord(style, state),
    harmless(url ?? problem ?? "")
  ])
  const columns = [{ head: "run" }, { head: "state" }, { head: "where" }]
  return [
    ...table(columns, rows, { width: resultWidth(), head: style.dim }),
    ...results.flatMap(({ run, live }) =>
      live === undefined ? [] : [harmless(`${run} ${liveTexts[live]}`)]
    ),
    ""
  ].join("\n")
}

const liveTexts = {
  followed: "is being sent by another uploader: `pipeline track status` tells how far it is",
  sent: "goes on: what it has told so far is sent; sync it again when it has ended"
}

/** What goes on while a run is sent, on standard error. */
const noteFor = (run: string): ((report: Report) => void) => {
  const style = noteStyle()
  const isTerminal = process.stderr.isTTY === true
  let points = 0
  const note = (text: string) => Effect.runSync(printNote(text))
  return (report) => {
    switch (report._tag) {
      case "Sent":
        points += report.points
        if (isTerminal) {
          const left = report.bytesLeft === 0 ? "\n" : `, ${bytes(report.bytesLeft)} left`
          note(`\r${run}: ${count(points)} points sent${left}`)
        }
        break
      case "Waiting":
      case "Warning":
        note(
          `${stateWord(style, report._tag === "Waiting" ? "wait" : "warning")} ${harmless(report.message)}\n`
        )
        break
      default:
        break
    }
  }
}

/**
 * Sends a run while it goes on, and tells on standard output, in JSON, how it gets on. The end of standard input says that
 * the run is over; so does its command's death.
 */
export const followRun = Effect.fnUntraced(function* (id: string, layout: StoreLayout) {
  // The stages need the cores more.
  yield* Effect.ignore(Effect.try(() => os.setPriority(10)))
  const over = Deferred.makeUnsafe<void>()
  process.stdin.once("close", () => Deferred.doneUnsafe(over, Effect.void)).resume()
  const report = (each: Report) => Effect.runSync(printResult(`${encodeReport(each)}\n`))
  yield* Effect.gen(function* () {
    const destination = yield* uploadTo(process.env)
    if (destination === undefined) return yield* new NoServer()
    const { client, settings, registrations } = destination
    const options = { layout, settings, registrations, report, follow: { over } }
    yield* Effect.provide(uploadRun(id, options), client)
  }).pipe(
    Effect.catch(({ message, hint }) =>
      Effect.sync(() => report({ _tag: "Stopped", run: id, message, hint }))
    ),
    Effect.ensuring(Effect.sync(() => process.stdin.destroy()))
  )
})
