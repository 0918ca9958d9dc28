/** Where the time of a run's cores went that no stage had. */
import type { Event } from "../../src/track/event.ts"
import type { Node } from "./job.ts"

/** In seconds of one core. */
export interface LostTime {
  /** Wall time of the whole process, times its cores. */
  readonly available: number
  /** Of stages: from a node's start to its end. */
  readonly inStages: number
  /** Before the first node started and after the last one ended. */
  readonly startAndEnd: number
  /** No node was ready: the shape of the graph. */
  readonly nothingReady: number
  /** A node was ready and did not run: the scheduler's doing. */
  readonly readyAndIdle: number
}

/** All but the time in stages. */
export const lostOf = ({ startAndEnd, nothingReady, readyAndIdle }: LostTime): number =>
  startAndEnd + nothingReady + readyAndIdle

interface Span {
  /** Milliseconds since 1970. */
  readonly start: number
  readonly end: number
  /** When the last of its inputs was there. */
  readonly ready: number
}

/** @param seconds of the whole process */
export const lostTime = (run: {
  readonly events: ReadonlyArray<Event>
  readonly nodes: ReadonlyArray<Node>
  readonly seconds: number
  readonly cores: number
}): LostTime => {
  const { seconds, cores } = run
  const spans = spansOf(run.events, run.nodes)
  const moments = [...new Set(spans.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)
  let inStages = 0
  let nothingReady = 0
  let readyAndIdle = 0
  for (const [place, from] of moments.entries()) {
    const to = moments[place + 1] ?? from
    const length = (to - from) / 1000
    const running = spans.filter(({ start, end }) => start <= from && end >= to && end > start).length
    const ready = spans.filter((span) => span.ready <= from && span.start >= to).length
    const idle = Math.max(0, cores - running)
    inStages += Math.min(running, cores) * length
    readyAndIdle += Math.min(idle, ready) * length
    nothingReady += Math.max(0, idle - ready) * length
  }
  const span = ((moments.at(-1) ?? 0) - (moments[0] ?? 0)) / 1000
  return {
    available: seconds * cores,
    inStages,
    startAndEnd: (seconds - span) * cores,
    nothingReady,
    readyAndIdle
  }
}

/** When each node that ran did so. */
const spansOf = (events: ReadonlyArray<Event>, nodes: ReadonlyArray<Node>): ReadonlyArray<Span> => {
  const starts = new Map<string, number>()
  const ends = new Map<string, number>()
  for (const event of events) {
    if (event._tag === "NodeStarted") starts.set(event.node, event.at)
    if (event._tag === "NodeFinished" || event._tag === "NodeCached") ends.set(event.node, event.at)
  }
  return nodes.flatMap(({ name, inputs }) => {
    const start = starts.get(name)
    const end = ends.get(name)
    if (start === undefined || end === undefined) return []
    const upstream = Object.values(inputs).flatMap((wire) =>
      typeof wire === "string" ? [wire] : Object.values(wire)
    )
    return [{ start, end, ready: Math.max(0, ...upstream.map((each) => ends.get(each) ?? 0)) }]
  })
}
