/** What the live part of the terminal shows: a line per running node, and how far the run is. */
import { bar, count, number, rate, share, ticking } from "../view/format.ts"
import { displayWidth, harmless, padEnd, padStart, truncate } from "../view/text.ts"
import type { Forecast } from "./forecast.ts"
import type { Lines } from "./lines.ts"
import type { Rate } from "./rate.ts"
import type { Tally } from "./tally.ts"
import { timeLeft } from "./time-left.ts"

/** A node that is being worked on, here or by another process. */
export interface RunningNode {
  readonly word: "run" | "wait"
  readonly name: string
  /** Why it runs, or who computes it. Harmless already. */
  readonly note: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly rate: Rate
  progress?: { readonly done: number; readonly total: number; readonly unit: string }
  metric?: { readonly name: string; readonly value: number }
}

export interface FrameState {
  readonly running: ReadonlyMap<string, RunningNode>
  readonly tally: Tally
  readonly forecast: Forecast
  /** Of the processor, that nodes may take together; as many as nodes that run where that is not known. */
  readonly cores: number | undefined
  /** A line to keep above the running nodes. */
  readonly pinned?: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

/** At most `rows - 1` lines of at most `columns - 1` columns: the cursor needs a place of its own. */
export const frame = (state: FrameState, lines: Lines, columns: number, rows: number): Array<string> => {
  if (rows < 2) return []
  const around = [...(state.pinned === undefined ? [] : [state.pinned]), footer(state)].slice(1 - rows)
  const room = Math.max(0, rows - 1 - around.length)
  const shown = firstOf(state.running, room)
  const hidden = state.running.size - shown.length
  const nodes = nodeLines(shown, lines, columns - 1, state.now)
  const more = hidden === 0 || room === 0 ? [] : [`+${count(hidden)} more running`]
  const above = around.slice(0, -1)
  return [...above, ...nodes, ...more, ...around.slice(-1)].map((line) => truncate(line, columns - 1))
}

/** The first ones keep their places while later ones come and go; one row is kept for how many are left out. */
const firstOf = (running: ReadonlyMap<string, RunningNode>, room: number): Array<RunningNode> => {
  const fitting = running.size <= room ? room : Math.max(0, room - 1)
  const first: Array<RunningNode> = []
  for (const node of running.values()) {
    if (first.length >= fitting) break
    first.push(node)
  }
  return first
}

/** What may be said of a node. Empty texts take no room. */
interface Cells {
  readonly filled: number | undefined
  readonly done: string
  readonly rate: string
  readonly left: string
  readonly elapsed: string
  readonly note: string
}

const cellsOf = ({ progress, metric, rate: speed, since, note }: RunningNode, now: number): Cells => {
  const elapsed = ticking((now - since) / 1000)
  if (progress === undefined) return { filled: undefined, done: "", rate: "", left: "", elapsed, note }
  const unit = harmless(progress.unit)
  const left = speed.left(now)
  return {
    filled: share(progress.done, progress.total),
    done: `${count(progress.done)}/${count(progress.total)} ${unit}`,
    rate: speed.perSecond === undefined ? "" : rate(speed.perSecond, unit),
    left: left === undefined ? "" : `${ticking(Math.round(left))} left`,
    elapsed,
    note: metric === undefined ? "" : `${harmless(metric.name)} ${number(metric.value)}`
  }
}

/** From the most to the least that a line can say: the first that fits all lines is taken, so that they line up. */
const layouts = [
  { bar: 20, rate: true, elapsed: true },
  { bar: 10, rate: true, elapsed: true },
  { bar: 10, rate: false, elapsed: true },
  { bar: 0, rate: false, elapsed: true },
  { bar: 0, rate: false, elapsed: false }
] as const
type Layout = (typeof layouts)[number]

const nodeLines = (
  nodes: ReadonlyArray<RunningNode>,
  lines: Lines,
  columns: number,
  now: number
): Array<string> => {
  const cells = nodes.map((node) => cellsOf(node, now))
  const nameWidth = Math.min(lines.nameWidth, Math.max(12, Math.floor(columns / 3)))
  const head = 9 + nameWidth
  const fits = (layout: Layout) => row(cells, layout).every((text) => head + displayWidth(text) <= columns)
  const texts = row(cells, layouts.find(fits) ?? { bar: 0, rate: false, elapsed: false })
  return nodes.map(({ word, name }, index) => {
    const start = `${lines.word(word)}${padEnd(truncate(harmless(name), nameWidth), nameWidth)}${texts[index] ?? ""}`
    const note = cells[index]?.note ?? ""
    const room = columns - displayWidth(start) - 2
    // Half a word helps nobody.
    return note === "" || room < Math.min(12, displayWidth(note))
      ? start
      : `${start}  ${lines.style.dim(truncate(note, room))}`
  })
}

/** The lines' middle parts under a layout, cell under cell. */
const row = (cells: ReadonlyArray<Cells>, layout: Layout): Array<string> => {
  const column = (texts: ReadonlyArray<string>, pad: typeof padEnd): ReadonlyArray<string> => {
    const width = Math.max(0, ...texts.map(displayWidth))
    return texts.map((text) => (width === 0 ? "" : `  ${pad(text, width)}`))
  }
  const columns = [
    column(
      cells.map(({ filled }) => (filled === undefined || layout.bar === 0 ? "" : bar(filled, layout.bar))),
      padEnd
    ),
    column(
      cells.map(({ done }) => done),
      padStart
    ),
    column(
      cells.map(({ rate }) => (layout.rate ? rate : "")),
      padStart
    ),
    column(
      cells.map(({ left }) => left),
      padStart
    ),
    column(
      cells.map(({ elapsed }) => (layout.elapsed ? elapsed : "")),
      padStart
    )
  ]
  return cells.map((_, index) => columns.map((texts) => texts[index] ?? "").join(""))
}

/** `3 of 8 done, 2 running, 1m 04s elapsed, about 5m 10s left` */
const footer = (state: FrameState): string => {
  const { tally, running, now } = state
  const total = Math.max(tally.total, tally.settled + running.size)
  const parts = [`${count(tally.settled)} of ${count(total)} done`, `${count(running.size)} running`]
  if (tally.startedAt !== undefined) parts.push(`${ticking((now - tally.startedAt) / 1000)} elapsed`)
  const left = timeLeft(state, Math.max(0, total - tally.settled - running.size))
  if (left !== undefined) parts.push(`about ${ticking(Math.round(left))} left`)
  return parts.join(", ")
}
