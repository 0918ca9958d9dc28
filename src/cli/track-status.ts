/** The logic of `pipeline track status`: what servers do not have yet. No server is asked. */
import { Effect } from "effect"
import type { StoreLayout } from "../artifact/layout.ts"
import { Leases } from "../artifact/leases.ts"
import { RunStore } from "../track/run-store.ts"
import {
  type Cursor,
  cursorsOfRun,
  newCursor,
  type Outstanding,
  outstandingFrom,
  type Problem,
  uploadLeaseKey,
  uploadTo,
  urlOf,
  wantedExperiment
} from "../track/upload/index.ts"
import { printJson, printResult, resultStyle, resultWidth, timing } from "./output.ts"
import { bytes, plural, relative } from "./view/format.ts"
import { stateWord } from "./view/style.ts"
import { table } from "./view/table.ts"
import { harmless } from "./view/text.ts"

/** One run on one server; an element of `--json`. */
interface TrackStatus {
  readonly run: string
  readonly server: string
  readonly experiment: string
  /**
   * `sending`: an uploader is at work. `unsent`: the server has nothing of it. `partial` with nothing outstanding: it did not
   * take what `missing` names.
   */
  readonly state: "complete" | "sending" | "partial" | "unsent"
  readonly outstanding: Outstanding
  readonly url?: string
  /** Why it did not get on the last time. */
  readonly problem?: Problem
  /** What was changed or refused, in sentences. */
  readonly refused: ReadonlyArray<string>
  /** What the server did not take, and may take another time, in sentences. */
  readonly missing: ReadonlyArray<string>
}

/** @param reference one run; without it, every run in the store */
export const showStatus = Effect.fnUntraced(function* (
  reference: string | undefined,
  layout: StoreLayout,
  json: boolean
) {
  const runs = yield* RunStore
  const destination = yield* uploadTo(process.env)
  const ids = reference === undefined ? yield* runs.ids : [yield* runs.find(reference)]
  const found = yield* Effect.forEach(ids, (id) => statusOf(id, layout, destination?.settings))
  const statuses = found.flat()
  yield* json ? printJson(statuses) : printResult(textOf(statuses, ids.length))
})

const statusOf = Effect.fnUntraced(function* (
  id: string,
  layout: StoreLayout,
  settings: (Parameters<typeof wantedExperiment>[0] & { readonly address: string }) | undefined
) {
  const runs = yield* RunStore
  const { started } = yield* runs.ends(id)
  if (started === undefined) return []
  const cursors = [...(yield* cursorsOfRun(layout, id))]
  if (settings !== undefined) {
    const here = { server: settings.address, wanted: wantedExperiment(settings, started.pipeline) }
    const isKnown = cursors.some(({ server, wanted }) => server === here.server && wanted === here.wanted)
    if (!isKnown) cursors.push(newCursor(here))
  }
  return yield* Effect.forEach(cursors, (cursor) => statusOn(id, started.continues?.first ?? id, cursor))
})

const statusOn = Effect.fnUntraced(function* (id: string, first: string, cursor: Cursor) {
  const leases = yield* Leases
  const outstanding = yield* outstandingFrom(id, cursor.offset)
  const missing = (cursor.missing ?? []).flatMap(({ because }) => because)
  const isSent = cursor.complete && outstanding.bytes === 0 && missing.length === 0
  const isSending = !isSent && (yield* leases.holder(uploadLeaseKey(cursor.server, first))) !== undefined
  const url = urlOf(cursor)
  const state = isSent ? "complete" : isSending ? "sending" : cursor.offset === 0 ? "unsent" : "partial"
  const { server, wanted, problem, refused } = cursor
  return {
    run: id,
    server,
    experiment: wanted,
    state,
    outstanding,
    ...(url === undefined ? {} : { url }),
    ...(problem === undefined ? {} : { problem }),
    refused,
    missing
  } satisfies TrackStatus
})

const textOf = (statuses: ReadonlyArray<TrackStatus>, runs: number): string => {
  if (runs === 0) return "no runs yet\n"
  if (statuses.length === 0) return "no run was sent to a server, and MLFLOW_TRACKING_URI names none\n"
  const style = resultStyle()
  // One that was asked for is shown in any case.
  const open = runs === 1 ? statuses : statuses.filter(({ state }) => state !== "complete")
  const rows = open.map(({ run, server, experiment, state, outstanding }) => [
    harmless(run),
    harmless(`${server} ${experiment}`),
    stateWord(style, state),
    outstanding.bytes === 0 ? "" : told(outstanding)
  ])
  const columns = [
    { head: "run" },
    { head: "server", shrinkTo: 20 },
    { head: "state" },
    { head: "outstanding" }
  ]
  const complete = statuses.length - open.length
  return [
    ...table(columns, rows, { width: resultWidth(), head: style.dim }),
    ...open.flatMap(notesOf),
    ...(complete === 0 ? [] : [`${plural(complete, "run")} complete`]),
    ""
  ].join("\n")
}

const told = ({ events, points, bytes: size }: Outstanding): string =>
  `${plural(events, "event")}, ${plural(points, "point")}, ${bytes(size)}`

const notesOf = ({ run, problem, refused, missing, url }: TrackStatus): ReadonlyArray<string> =>
  [
    ...(url === undefined ? [] : [`${run}: ${url}`]),
    ...(problem === undefined
      ? []
      : [`${run}: ${relative(problem.at, timing.now())}: ${problem.message}`, `hint: ${problem.hint ?? ""}`]),
    ...[...refused, ...missing].map((text) => `${run}: ${text}`)
  ].map(harmless)
