/**
 * How long nodes may take that have not begun: as long as the last time; else as others of their stage took in this run; else
 * as any of its nodes took.
 */
import type { Event } from "../../track/event.ts"

/** A node that the run may come to. */
export interface ExpectedNode {
  readonly name: string
  readonly stage: string
}

/** Seconds that a node took the last time, if that is known. */
export type LastTimes = (node: string) => number | undefined

/** After so many nodes, their mean says something of those of other stages. */
const fewest = 3

export class Forecast {
  readonly #stages: ReadonlyMap<string, string>
  /** Nodes that have neither begun nor ended. */
  readonly #open: Set<string>
  /** Of these, how many of each stage there are whose last time is not known. */
  readonly #unknown = new Map<string, number>()
  /** And what the others took the last time. */
  #known = 0
  #lastTimes: LastTimes = () => undefined
  readonly #means = new Map<string, Mean>()
  readonly #mean = new Mean()

  constructor(nodes: ReadonlyArray<ExpectedNode> = []) {
    this.#stages = new Map(nodes.map(({ name, stage }) => [name, stage]))
    this.#open = new Set(this.#stages.keys())
    this.#sum()
  }

  remember(lastTimes: LastTimes): void {
    this.#lastTimes = lastTimes
    this.#sum()
  }

  add(event: Event): void {
    if (!("node" in event) || event._tag === "Log") return
    if (this.#open.delete(event.node)) this.#count(event.node, -1)
    if (event._tag !== "NodeFinished") return
    this.#mean.add(event.seconds)
    const stage = this.#stages.get(event.node)
    if (stage === undefined) return
    const mean = this.#means.get(stage) ?? new Mean()
    mean.add(event.seconds)
    this.#means.set(stage, mean)
  }

  /** Seconds that one node may take; undefined where that would be a guess. */
  secondsOf(node: string): number | undefined {
    return this.#lastTimes(node) ?? this.#ofStage(this.#stages.get(node))
  }

  /**
   * Seconds that all nodes which have not begun may take one after another; undefined where that would be a guess.
   *
   * @param count how many these are: more than were expected, where nobody said which there are
   */
  unbegun(count: number): number | undefined {
    let seconds = this.#known
    for (const [stage, nodes] of this.#unknown) {
      const each = this.#ofStage(stage)
      if (each === undefined) return undefined
      seconds += nodes * each
    }
    const others = count - this.#open.size
    if (others <= 0) return seconds
    const each = this.#ofStage(undefined)
    return each === undefined ? undefined : seconds + others * each
  }

  #ofStage(stage: string | undefined): number | undefined {
    const mean = stage === undefined ? undefined : this.#means.get(stage)
    return mean === undefined ? this.#mean.after(fewest) : mean.after(1)
  }

  #sum(): void {
    this.#known = 0
    this.#unknown.clear()
    for (const node of this.#open) this.#count(node, 1)
  }

  #count(node: string, sign: 1 | -1): void {
    const seconds = this.#lastTimes(node)
    if (seconds !== undefined) {
      this.#known += sign * seconds
      return
    }
    const stage = this.#stages.get(node) ?? ""
    const left = (this.#unknown.get(stage) ?? 0) + sign
    if (left > 0) this.#unknown.set(stage, left)
    else this.#unknown.delete(stage)
  }
}

class Mean {
  #sum = 0
  #count = 0

  add(value: number): void {
    this.#sum += value
    this.#count++
  }

  /** Undefined before so many values. */
  after(count: number): number | undefined {
    return this.#count < count ? undefined : this.#sum / this.#count
  }
}
