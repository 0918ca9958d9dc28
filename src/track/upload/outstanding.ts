/** How much of a journal a server does not have. */
import { Effect } from "effect"
import { isMetric } from "../journal-tail.ts"
import { RunStore } from "../run-store.ts"

export interface Outstanding {
  readonly events: number
  /** Events that are a metric's values. */
  readonly points: number
  readonly bytes: number
}

const pieceBytes = 1 << 20

/** Counts the lines from an offset on; one pass over what is left. */
export const outstandingFrom = Effect.fnUntraced(function* (id: string, offset: number) {
  const runs = yield* RunStore
  let [events, points, from] = [0, 0, offset]
  for (;;) {
    const { lines, next } = yield* runs.piece(id, from, pieceBytes)
    if (next === from) break
    events += lines.length
    points += lines.filter(isMetric).length
    from = next
  }
  return { events, points, bytes: from - offset } satisfies Outstanding
})
