/**
 * How long nodes may take that have not begun: as long as the last time; else as others of their stage took in this run, or will
 * take by what they say of how far they are; else as the middle one of the stages that ran.
 */
import type { Event } from "../../track/event.ts"

/** A node that the run may come to. */
export interface ExpectedNode {
  readonly name: string
  readonly stage: string
  /** Of the processor, which it takes for itself. */
  readonly cores: number
}

/** Seconds that a node took the last time, if that is known. */
export type LastTimes = (node: string) => number | undefined

/** After so many nodes, their mean says something of those of other stages. */
const fewest = 3

export class Forecast {
  readonly #stages: ReadonlyMap<string, string>
  /** By stage. */
  readonly #cores: ReadonlyMap<string, number>
  /** Nodes that have neither begun nor ended. */
  readonly #open: Set<string>
  /** Of these, how many of each stage there are whose last time is not known. */
  readonly #unknown = new Map<string, number>()
  /** And what the others took the last time, times their cores. */
  #known = 0
  #lastTimes: LastTimes = () => undefined
  readonly #means = new Map<string, Mean>()
  readonly #mean = new Mean()

  constructor(nodes: ReadonlyArray<ExpectedNode> = []) {
    this.#stages = new Map(nodes.map(({ name, stage }) => [name, stage]))
    this.#cores = new Map(nodes.map(({ stage, cores }) => [stage, cores]))
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
    if (stage !== undefined) meanIn(this.#means, stage).add(event.seconds)
  }

  coresOf(node: string): number {
    return this.#cores.get(this.#stages.get(node) ?? "") ?? 1
  }

  /** Seconds that one node may take; undefined where that would be a guess. */
  secondsOf(node: string): number | undefined {
    return this.#lastTimes(node) ?? this.#means.get(this.#stages.get(node) ?? "")?.value ?? this.#usual()
  }

  /**
   * Seconds of one core that all nodes which have not begun may take; undefined where that would be a guess.
   *
   * @param count how many these are: more than were expected, where nobody said which there are
   * @param running what nodes that run will have taken, where they say how far they are
   */
  unbegun(count: number, running: ReadonlyMap<string, number>): number | undefined {
    const underWay = new Map<string, Mean>()
    for (const [node, seconds] of running) meanIn(underWay, this.#stages.get(node) ?? "").add(seconds)
    const usual = this.#usual()
    let left = this.#known
    for (const [stage, nodes] of this.#unknown) {
      const each = (this.#means.get(stage) ?? underWay.get(stage))?.value ?? usual
      if (each === undefined) return undefined
      left += nodes * each * (this.#cores.get(stage) ?? 1)
    }
    const others = count - this.#open.size
    if (others <= 0) return left
    return usual === undefined ? undefined : left + others * usual
  }

  /** Few long stages say nothing of many short ones. */
  #usual(): number | undefined {
    if (this.#mean.count < fewest) return undefined
    const means = Array.from(this.#means.values(), ({ value }) => value).sort((a, b) => a - b)
    return means[means.length >> 1] ?? this.#mean.value
  }

  #sum(): void {
    this.#known = 0
    this.#unknown.clear()
    for (const node of this.#open) this.#count(node, 1)
  }

  #count(node: string, sign: 1 | -1): void {
    const seconds = this.#lastTimes(node)
    if (seconds !== undefined) {
      this.#known += sign * seconds * this.coresOf(node)
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
  count = 0

  add(value: number): void {
    this.#sum += value
    this.count++
  }

  get value(): number {
    return this.#sum / this.count
  }
}

const meanIn = (means: Map<string, Mean>, stage: string): Mean => {
  const mean = means.get(stage) ?? new Mean()
  means.set(stage, mean)
  return mean
}
