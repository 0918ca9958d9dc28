/**
 * For a terminal: what is over scrolls away above, what goes on is redrawn below.
 *
 * Events only change the state, which costs next to nothing; a timer draws at most ten frames a second from it.
 */
import type { ExpectedTimes } from "../../plan/expected-times.ts"
import type { Event } from "../../track/event.ts"
import { harmless } from "../view/text.ts"
import { Forecast } from "./forecast.ts"
import { frame, type RunningNode } from "./frame.ts"
import { Group } from "./group.ts"
import { Lines, startedText } from "./lines.ts"
import type { ReporterOptions } from "./plain.ts"
import { Rate } from "./rate.ts"
import type { Reporter, Timing } from "./reporter.ts"
import { Screen } from "./screen.ts"
import { Tally } from "./tally.ts"

const frameMillis = 100
/** How often clocks tick on while nothing happens. */
const idleMillis = 500

export const liveReporter = (options: ReporterOptions): Reporter => new Live(options)

class Live implements Reporter {
  readonly #timing: Timing
  readonly #screen: Screen
  readonly #lines: Lines
  readonly #tally = new Tally()
  readonly #forecast: Forecast
  readonly #cores: number | undefined
  readonly #running = new Map<string, RunningNode>()
  readonly #groups: { readonly cached: Group; readonly skip: Group }
  /** Lines that are over and not yet on the screen. */
  #finished: Array<string> = []
  #drawnAt = Number.NEGATIVE_INFINITY
  #next: { readonly due: number; readonly cancel: () => void } | undefined
  #over = false
  #closed = false

  constructor({ sink, timing, style, nodes = [], cores }: ReporterOptions) {
    this.#cores = cores
    this.#timing = timing
    this.#screen = new Screen(sink)
    this.#forecast = new Forecast(nodes)
    this.#lines = new Lines(
      style,
      nodes.map(({ name }) => name)
    )
    this.#groups = { cached: new Group("cached", this.#lines), skip: new Group("skip", this.#lines) }
  }

  event(event: Event): void {
    if (this.#closed) return
    this.#tally.add(event)
    this.#forecast.add(event)
    this.#take(event)
    this.#drawBy(this.#drawnAt + frameMillis)
  }

  note(text: string, word?: "note" | "track"): void {
    if (this.#closed) return
    this.#tell([this.#lines.note(text, word)])
    this.#drawBy(this.#drawnAt + frameMillis)
  }

  expect(times: ExpectedTimes): void {
    this.#forecast.expect(times)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#next?.cancel()
    this.#settleGroups()
    this.#screen.close(this.#finished)
  }

  #take(event: Event): void {
    switch (event._tag) {
      case "NodeStarted":
        this.#begin(event, "run", startedText(event))
        break
      case "NodeWaiting":
        this.#begin(event, "wait", `computed by ${harmless(event.holder)}`)
        break
      case "Progress":
        this.#progress(event)
        break
      case "Metric": {
        const node = this.#running.get(event.node)
        if (node !== undefined) node.metric = { name: event.name, value: event.value }
        break
      }
      case "NodeCached":
        this.#running.delete(event.node)
        this.#group(this.#groups.cached, event, event.seconds)
        break
      case "NodeSkipped":
        this.#group(this.#groups.skip, event)
        break
      case "Revision":
      case "SystemSample":
        break
      default:
        this.#end(event)
    }
  }

  #begin(event: { readonly node: string; readonly at: number }, word: "run" | "wait", note: string): void {
    // A node may wait first and run then: it moves to the end of the line.
    this.#running.delete(event.node)
    this.#lines.makeRoomFor(event.node)
    this.#running.set(event.node, { word, name: event.node, note, since: event.at, rate: new Rate() })
  }

  #progress({ node, done, total, unit, at }: Extract<Event, { _tag: "Progress" }>): void {
    const running = this.#running.get(node)
    if (running === undefined) return
    running.progress = { done, total, unit }
    running.rate.report(done, total, at)
  }

  #group(group: Group, event: Event, savedSeconds = 0): void {
    const [line = ""] = this.#lines.of(event)
    const other = group === this.#groups.cached ? this.#groups.skip : this.#groups.cached
    this.#finished.push(...other.take())
    group.add(line, savedSeconds)
  }

  #end(
    event: Exclude<
      Event,
      { _tag: "NodeStarted" | "NodeWaiting" | "Progress" | "Metric" | "Revision" | "SystemSample" }
    >
  ): void {
    if (event._tag === "RunFinished") {
      this.#over = true
      this.#running.clear()
      this.#tell(this.#lines.ending(this.#tally, event.seconds))
      return
    }
    const lines = [...this.#lines.of(event)]
    if (event._tag === "NodeFinished") {
      const note = this.#running.get(event.node)?.note ?? ""
      if (note !== "") lines[0] = `${lines[0]}  ${this.#lines.style.dim(note)}`
    }
    if (event._tag !== "Log" && event._tag !== "RunStarted") this.#running.delete(event.node)
    this.#tell(lines)
  }

  #tell(lines: ReadonlyArray<string>): void {
    this.#settleGroups()
    this.#finished.push(...lines)
  }

  #settleGroups(): void {
    this.#finished.push(...this.#groups.cached.take(), ...this.#groups.skip.take())
  }

  /** Sees to it that a frame is drawn by `due`, not later because a later one is planned. */
  #drawBy(due: number): void {
    if (this.#next !== undefined && this.#next.due <= due) return
    this.#next?.cancel()
    const cancel = this.#timing.after(Math.max(0, due - this.#timing.now()), () => this.#draw())
    this.#next = { due, cancel }
  }

  #draw(): void {
    this.#next = undefined
    if (this.#closed) return
    const now = this.#timing.now()
    this.#drawnAt = now
    const { cached, skip } = this.#groups
    // Few nodes are named at once, so that a long first node does not leave the screen empty.
    if (cached.isFew && this.#running.size > 0) this.#finished.push(...cached.take())
    const pinned = !cached.isEmpty ? cached.together : skip.isEmpty ? undefined : skip.together
    const { columns, rows } = this.#screen.size
    const state = {
      running: this.#running,
      tally: this.#tally,
      forecast: this.#forecast,
      cores: this.#cores,
      pinned,
      now
    }
    // Below a run's last words nothing goes on.
    const live = this.#over ? [] : frame(state, this.#lines, columns, rows)
    this.#screen.draw(this.#finished, live)
    this.#finished = []
    if (this.#running.size > 0) this.#drawBy(now + idleMillis)
  }
}
