/** Events as lines: a word for the state, the node's name, and what there is to say. */

import type { MetricValues } from "../../artifact/action.ts"
import type { Event, Failure } from "../../track/event.ts"
import { becauseText } from "../view/because.ts"
import { duration, number, plural, shortDigest } from "../view/format.ts"
import { type Style, stateWord } from "../view/style.ts"
import { summary } from "../view/summary.ts"
import { displayWidth, harmless, harmlessLines, padEnd } from "../view/text.ts"
import type { Tally } from "./tally.ts"

const wordWidth = 8
const narrowest = 15
/** One very long name must not push everybody's text off the screen. */
const widest = 40

export class Lines {
  readonly style: Style
  #nameWidth = narrowest

  /** @param names of the plan's nodes, where they are known: then the columns stand still from the first line on */
  constructor(style: Style, names: Iterable<string> = []) {
    this.style = style
    for (const name of names) this.makeRoomFor(name)
  }

  get nameWidth(): number {
    return this.#nameWidth
  }

  /** Widens the names' column for a name that is about to be shown. */
  makeRoomFor(name: string): void {
    const width = displayWidth(harmless(name))
    if (width > this.#nameWidth) this.#nameWidth = Math.min(widest, width)
  }

  /** `done     robust   …` */
  node(word: string, name: string, rest: string): string {
    const shown = harmless(name)
    this.makeRoomFor(name)
    return `${this.word(word)}${padEnd(shown, this.#nameWidth)}  ${rest}`.trimEnd()
  }

  /** What belongs to no node. */
  note(text: string, word = "note"): string {
    return `${this.word(word)}${harmless(text)}`
  }

  word(word: string): string {
    return `${stateWord(this.style, word.padEnd(wordWidth))} `
  }

  /** What an event is to be told in, in every kind of output. `NodeStarted` and `Progress` are each reporter's own. */
  of(event: Event): ReadonlyArray<string> {
    switch (event._tag) {
      case "RunStarted":
        return [`${this.word("plan")}${harmless(event.pipeline)}: ${plural(event.nodes, "node")}`]
      case "NodeCached":
        return [this.node("cached", event.node, shortDigest(event.digest))]
      case "NodeWaiting":
        return [this.node("wait", event.node, `computed by ${harmless(event.holder)}`)]
      case "Log":
        return this.#log(event)
      case "NodeFinished":
        return this.#finished(event)
      case "NodeFailed":
        return this.#failed(event)
      case "NodeSkipped":
        return [this.node("skip", event.node, becauseText(event.because))]
      case "NodeInterrupted":
        return [this.node("stop", event.node, `after ${duration(event.seconds)}`)]
      default:
        return []
    }
  }

  started(event: Extract<Event, { _tag: "NodeStarted" }>): string {
    return this.node("run", event.node, startedText(event))
  }

  /** A run's last words: how to cure what failed, each cure once, and the sum. */
  ending(tally: Tally, seconds: number): ReadonlyArray<string> {
    const cures = new Map<string, Array<string>>()
    for (const [name, { hint }] of tally.failures) {
      if (hint !== undefined) cures.set(hint, [...(cures.get(hint) ?? []), name])
    }
    const hints = Array.from(cures, ([hint, names]) => this.#hint(hint, cures.size > 1 ? names : []))
    return [...hints.flatMap((hint) => ["", hint]), "", summary(tally.totals(seconds))]
  }

  /** @param names of the nodes it is about, where that is not clear */
  #hint(hint: string, [first, ...others]: ReadonlyArray<string>): string {
    const more = others.length === 0 ? "" : ` and ${plural(others.length, "more node")}`
    const about = first === undefined ? "" : `\`${harmless(first)}\`${more}: `
    return `${this.style.cyan("hint:")} ${about}${harmless(hint)}`
  }

  #log({ level, node, message }: Extract<Event, { _tag: "Log" }>): ReadonlyArray<string> {
    return harmlessLines(message).map((line) => this.node(level, node, line))
  }

  #finished(event: Extract<Event, { _tag: "NodeFinished" }>): ReadonlyArray<string> {
    const unchanged = event.unchanged ? "  same artifact as before" : ""
    const done = this.node(
      "done",
      event.node,
      `${shortDigest(event.digest)}  ${duration(event.seconds)}${unchanged}`
    )
    const metrics = metricsText(event.metrics)
    return metrics === "" ? [done] : [done, this.node("metrics", event.node, metrics)]
  }

  #failed({ node, failure, retry, seconds }: Extract<Event, { _tag: "NodeFailed" }>): ReadonlyArray<string> {
    const [first = "", ...rest] = harmlessLines(failure.message)
    const head = retry
      ? this.node("retry", node, `failed after ${duration(seconds)}: ${first}`)
      : this.node("fail", node, first)
    return [head, ...rest.map((line) => `${" ".repeat(wordWidth + 1)}${line}`), ...this.#stack(failure)]
  }

  #stack({ stack }: Failure): ReadonlyArray<string> {
    if (stack === undefined) return []
    const lines = harmlessLines(stack).slice(0, 8)
    return lines.map((line) => this.style.dim(`${" ".repeat(wordWidth + 1)}${line.trim()}`))
  }
}

/** Why a node runs, and which attempt it is. */
export const startedText = ({ reason, attempt }: Extract<Event, { _tag: "NodeStarted" }>): string =>
  `${attempt > 1 ? `attempt ${attempt}, ` : ""}${harmless(reason)}`

/** `accuracy 0.9871, loss 0.0412` */
const metricsText = (metrics: MetricValues): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${harmless(name)} ${number(value)}`)
    .join(", ")
