/** How long a run still takes. */
import { share } from "../view/format.ts"
import type { Forecast, UnderWay } from "./forecast.ts"
import type { RunningNode } from "./frame.ts"

/**
 * Seconds until the run is over; undefined where that is a guess.
 *
 * Two bounds, and the later one holds: the longest chain of nodes, and all work shared by all cores.
 *
 * @param unbegun how many nodes have not begun
 */
export const timeLeft = (
  state: {
    readonly running: ReadonlyMap<string, RunningNode>
    readonly forecast: Forecast
    readonly cores: number | undefined
    readonly now: number
  },
  unbegun: number
): number | undefined => {
  const { running, forecast, cores, now } = state
  let work = 0
  const lefts = new Map<string, number>()
  const underWay = new Map<string, UnderWay>()
  for (const node of running.values()) {
    const { name } = node
    const elapsed = (now - node.since) / 1000
    const expected = forecast.secondsOf(name)
    const told = toldOf(node, elapsed, expected, now)
    const whole = wholeOf(elapsed, expected, told)
    if (whole === undefined) return undefined
    if (told !== undefined) underWay.set(name, told)
    lefts.set(name, whole - elapsed)
    work += (whole - elapsed) * forecast.coresOf(name)
  }
  const later = forecast.unbegun(unbegun, underWay)
  const together = cores ?? running.size
  if (later === undefined || together === 0) return undefined
  return Math.max(...lefts.values(), forecast.chain(now, lefts), (work + later) / together)
}

/** Of its time so far, what a node that takes longer than expected still gets. */
const overdue = 0.1

/** What a node under way tells of how long it takes, by its progress or by being late; undefined where nothing. */
const toldOf = (
  { progress, rate }: RunningNode,
  elapsed: number,
  expected: number | undefined,
  now: number
): UnderWay | undefined => {
  const left = rate.left(now)
  if (left !== undefined && progress !== undefined)
    return { seconds: elapsed + left, share: share(progress.done, progress.total) }
  return expected !== undefined && elapsed >= expected
    ? { seconds: elapsed * (1 + overdue), share: 1 }
    : undefined
}

/** Its first reports of progress are of a start that is slower than the rest: they count as much as was done of it. */
const wholeOf = (
  elapsed: number,
  expected: number | undefined,
  told: UnderWay | undefined
): number | undefined => {
  if (expected === undefined) return told?.seconds
  if (told === undefined) return expected
  // A little late is late; after much longer nobody knows.
  if (told.share === 1 && elapsed >= 2 * expected + 10) return undefined
  return Math.max(expected, elapsed) * (1 - told.share) + told.seconds * told.share
}
