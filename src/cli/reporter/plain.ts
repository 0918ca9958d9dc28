/** For a pipe or a file: one line per event, in order, and none that is drawn over. */
import type { Event } from "../../track/event.ts"
import { count, percent, rate, share, ticking } from "../view/format.ts"
import type { Style } from "../view/style.ts"
import { harmless } from "../view/text.ts"
import { Batch } from "./batch.ts"
import type { ExpectedNode } from "./forecast.ts"
import { Lines } from "./lines.ts"
import { Rate } from "./rate.ts"
import type { Reporter, Sink, Timing } from "./reporter.ts"
import { Tally } from "./tally.ts"

export interface ReporterOptions {
  readonly sink: Sink
  readonly timing: Timing
  readonly style: Style
  /** The plan's nodes, where known, so that columns line up from the start and times can be told. */
  readonly nodes?: ReadonlyArray<ExpectedNode>
  /** Of the processor, that nodes may take together. */
  readonly cores?: number
}

export const plainReporter = (options: ReporterOptions): Reporter => new Plain(options)

class Plain implements Reporter {
  readonly #batch: Batch
  readonly #lines: Lines
  readonly #tally = new Tally()
  readonly #progress = new Map<string, NodeProgress>()
  #closed = false

  constructor({ sink, timing, style, nodes = [] }: ReporterOptions) {
    this.#batch = new Batch(sink, timing)
    this.#lines = new Lines(
      style,
      nodes.map(({ name }) => name)
    )
  }

  event(event: Event): void {
    if (this.#closed) return
    this.#tally.add(event)
    for (const line of this.#tell(event)) this.#batch.line(line)
    if (event._tag === "RunFinished") this.#batch.flush()
  }

  note(text: string, word?: "note" | "track"): void {
    if (!this.#closed) this.#batch.line(this.#lines.note(text, word))
  }

  close(): void {
    this.#closed = true
    this.#batch.flush()
  }

  #tell(event: Event): ReadonlyArray<string> {
    switch (event._tag) {
      case "NodeStarted":
        this.#progress.set(event.node, new NodeProgress(event.at))
        return [this.#lines.started(event)]
      case "Progress":
        return this.#told(event)
      case "RunFinished":
        return this.#lines.ending(this.#tally, event.seconds)
      case "NodeFinished":
      case "NodeFailed":
      case "NodeInterrupted":
        this.#progress.delete(event.node)
        return this.#lines.of(event)
      default:
        return this.#lines.of(event)
    }
  }

  #told(event: ProgressEvent): ReadonlyArray<string> {
    const text = this.#progress.get(event.node)?.report(event)
    return text === undefined ? [] : [this.#lines.node("progress", event.node, text)]
  }
}

type ProgressEvent = Extract<Event, { _tag: "Progress" }>

/** A quick node says nothing: nobody waits for it. */
const quietMillis = 1000
const patienceMillis = 30_000

/** Decides which progress is worth a line: each tenth, and after a long silence whatever there is. */
class NodeProgress {
  readonly #rate = new Rate()
  #toldAt: number
  #tenth = 0
  #done = Number.NaN

  constructor(startedAt: number) {
    this.#toldAt = startedAt
  }

  report(event: ProgressEvent): string | undefined {
    const { done, total, at } = event
    this.#rate.report(done, total, at)
    const tenth = Math.floor(share(done, total) * 10)
    const silence = at - this.#toldAt
    const news = tenth > this.#tenth && silence >= quietMillis
    if (!news && (silence < patienceMillis || done === this.#done)) return undefined
    this.#toldAt = at
    this.#tenth = tenth
    this.#done = done
    return this.#text(event)
  }

  #text({ done, total, unit, at }: ProgressEvent): string {
    const perSecond = this.#rate.perSecond
    const left = this.#rate.left(at)
    const parts = [percent(done, total), `${count(done)}/${count(total)} ${harmless(unit)}`]
    if (perSecond !== undefined) parts.push(rate(perSecond, harmless(unit)))
    if (left !== undefined) parts.push(`${ticking(Math.round(left))} left`)
    return parts.join("  ")
  }
}
