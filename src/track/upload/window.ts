/** The next part of a journal as lanes: as much as is there, and never more than memory has room for. */
import { Effect, Option } from "effect"
import { decodeEvent } from "../journal-line.ts"
import { RunStore } from "../run-store.ts"
import type { UploadFold } from "./fold.ts"
import { type Lane, lanesOf, type Operation, type RunKey } from "./operation.ts"
import type { UploadState } from "./state.ts"

/** About 5,000 points, which are five requests. */
export const defaultWindowBytes = 1 << 19

export interface Window {
  /** Where it begins in the journal. */
  readonly from: number
  /** What is not done yet. One step after the other; the lanes of a step may go out together. */
  readonly steps: Array<Array<Lane>>
  /** Where the journal goes on. */
  readonly next: number
  /** The fold's state behind it. */
  readonly state: UploadState
}

/** Nothing at the journal's end. */
export const nextWindow = Effect.fnUntraced(function* (
  id: string,
  from: number,
  bytes: number,
  fold: UploadFold
) {
  const runs = yield* RunStore
  const { lines, next } = yield* runs.piece(id, from, bytes)
  if (next === from) return undefined
  const operations = lines.flatMap((line) =>
    Option.match(decodeEvent(line), {
      onNone: () => [],
      onSome: (event) => fold.add(event)
    })
  )
  return windowOf(operations, from, next, fold.state)
})

export const windowOf = (
  operations: ReadonlyArray<Operation>,
  from: number,
  next: number,
  state: UploadState
): Window => ({
  from,
  steps: stepsOf(lanesOf(operations), state.first).filter((step) => step.length > 0),
  next,
  state
})

/** Whether there is probably more where it came from. */
export const isFull = ({ from, next }: Window, bytes: number): boolean => next - from > bytes / 2

/** The pipeline run comes first, because the nodes' runs name it; and last, because they are over before it is. */
const stepsOf = (lanes: ReadonlyArray<Lane>, root: RunKey | undefined): Array<Array<Lane>> => {
  const top = lanes.filter(({ run }) => run === root)
  return [
    top.map((lane) => ({ ...lane, status: undefined, ended: false })),
    lanes.filter(({ run }) => run !== root),
    top.flatMap((lane) =>
      lane.status === undefined && !lane.ended
        ? []
        : [{ ...lane, open: undefined, points: [], tags: {}, produced: undefined }]
    )
  ]
}

export const pointsIn = ({ steps }: Window): number =>
  steps.flat().reduce((sum, { points }) => sum + points.length, 0)
