/**
 * How long nodes may take that have not begun: what was known of each before the run, scaled by what nodes of this run took; else
 * as others of their stage took in this run, or will take by what they say of how far they are; else as the middle one of
 * the stages that ran.
 */
import type { Basis, Expectation, ExpectedTimes } from "../../plan/expected-times.ts"
import type { Event } from "../../track/event.ts"
import { LongestChain } from "./longest-chain.ts"
import { Pace } from "./pace.ts"

/** A node that the run may come to. */
export interface ExpectedNode {
  readonly name: string
  readonly stage: string
  /** Of the processor, which it takes for itself. */
  readonly cores: number
  /** The nodes that have to be over before it begins. */
  readonly after: ReadonlyArray<string>
}

/** A node that runs. */
export interface UnderWay {
  /** What it will have taken. */
  readonly seconds: number
  /** What is done of it: so much does it say. */
  readonly share: number
}

/** After so many nodes, their mean says something of those of other stages. */
const fewest = 3

export class Forecast {
  readonly #stages: ReadonlyMap<string, string>
  /** By stage. */
  readonly #cores: ReadonlyMap<string, number>
  /** Nodes that have neither begun nor ended. */
  readonly #open: Set<string>
  /** Of these, how many of each stage there are of which nothing was known before. */
  readonly #unknown = new Map<string, number>()
  /** And what was expected of the others: seconds times cores, by basis and stage. */
  readonly #known = new Map<string, Known>()
  readonly #expectations = new Map<string, Expectation>()
  readonly #pace = new Pace()
  readonly #means = new Map<string, Mean>()
  readonly #mean = new Mean()

  readonly #chain: LongestChain

  /** @param nodes in topological order */
  constructor(nodes: ReadonlyArray<ExpectedNode> = []) {
    this.#stages = new Map(nodes.map(({ name, stage }) => [name, stage]))
    this.#cores = new Map(nodes.map(({ stage, cores }) => [stage, cores]))
    this.#open = new Set(this.#stages.keys())
    this.#chain = new LongestChain(nodes)
    this.#sum()
  }

  expect(expected: ExpectedTimes): void {
    this.#expectations.clear()
    for (const name of this.#stages.keys()) {
      const expectation = expected(name)
      if (expectation !== undefined) this.#expectations.set(name, expectation)
    }
    this.#sum()
    let whole = 0
    for (const { seconds } of this.#known.values()) whole += seconds
    this.#pace.firm(whole)
  }

  add(event: Event): void {
    if (!("node" in event) || event._tag === "Log") return
    if (this.#open.delete(event.node)) this.#count(event.node, -1)
    if (event._tag !== "NodeFinished") return
    const stage = this.#stageOf(event.node)
    this.#mean.add(event.seconds)
    meanIn(this.#means, stage).add(event.seconds)
    const expected = this.#expectations.get(event.node)
    if (expected !== undefined) this.#pace.add(expected.basis, stage, expected.seconds, event.seconds)
  }

  coresOf(node: string): number {
    return this.#cores.get(this.#stageOf(node)) ?? 1
  }

  /** Seconds that one node may take; undefined where that would be a guess. */
  secondsOf(node: string): number | undefined {
    return this.#told(node) ?? this.#usual()
  }

  /** From what is known of the node itself or of others of its stage. */
  #told(node: string): number | undefined {
    const stage = this.#stageOf(node)
    return scaled(this.#expectations.get(node), this.#pace, stage) ?? this.#means.get(stage)?.value
  }

  /**
   * Seconds of one core that all nodes which have not begun may take; undefined where that would be a guess.
   *
   * @param count how many these are: more than were expected, where nobody said which there are
   * @param running nodes that run, where something is known of how long they take
   */
  unbegun(count: number, running: ReadonlyMap<string, UnderWay>): number | undefined {
    const underWay = new Map<string, Mean>()
    const pace = this.#pace.copy()
    for (const [node, { seconds, share }] of running) {
      const stage = this.#stageOf(node)
      meanIn(underWay, stage).add(seconds)
      const expected = this.#expectations.get(node)
      if (expected !== undefined) pace.add(expected.basis, stage, expected.seconds * share, seconds * share)
    }
    const usual = this.#usual()
    let left = 0
    for (const { basis, stage, seconds } of this.#known.values()) {
      const factor = pace.factor(basis, stage)
      if (factor === undefined) return undefined
      left += seconds * factor
    }
    for (const [stage, nodes] of this.#unknown) {
      const each = (this.#means.get(stage) ?? underWay.get(stage))?.value ?? usual
      if (each === undefined) return undefined
      left += nodes * each * (this.#cores.get(stage) ?? 1)
    }
    const others = count - this.#open.size
    if (others <= 0) return left
    return usual === undefined ? undefined : left + others * usual
  }

  /**
   * Seconds that the longest chain of nodes takes, as far as one knows, however many run at once.
   *
   * @param running what each node that runs still takes
   */
  chain(now: number, running: ReadonlyMap<string, number>): number {
    return this.#chain.left(
      now,
      ({ name }) => running.get(name) ?? (this.#open.has(name) ? (this.#told(name) ?? 0) : 0)
    )
  }

  #stageOf(node: string): string {
    return this.#stages.get(node) ?? ""
  }

  /** Few long stages say nothing of many short ones. */
  #usual(): number | undefined {
    if (this.#mean.count < fewest) return undefined
    const means = Array.from(this.#means.values(), ({ value }) => value).sort((a, b) => a - b)
    return means[means.length >> 1] ?? this.#mean.value
  }

  #sum(): void {
    this.#known.clear()
    this.#unknown.clear()
    for (const node of this.#open) this.#count(node, 1)
  }

  #count(node: string, sign: 1 | -1): void {
    const stage = this.#stageOf(node)
    const expected = this.#expectations.get(node)
    if (expected === undefined) {
      count(this.#unknown, stage, sign)
      return
    }
    const key = `${expected.basis}/${stage}`
    const known = this.#known.get(key) ?? { basis: expected.basis, stage, seconds: 0, nodes: 0 }
    known.seconds += sign * expected.seconds * this.coresOf(node)
    known.nodes += sign
    if (known.nodes > 0) this.#known.set(key, known)
    else this.#known.delete(key)
  }
}

/** What was expected of the nodes of one stage together. */
interface Known {
  readonly basis: Basis
  readonly stage: string
  seconds: number
  nodes: number
}

const scaled = (expected: Expectation | undefined, pace: Pace, stage: string): number | undefined => {
  if (expected === undefined) return undefined
  const factor = pace.factor(expected.basis, stage)
  return factor === undefined ? undefined : expected.seconds * factor
}

const count = (counts: Map<string, number>, key: string, sign: 1 | -1): void => {
  const left = (counts.get(key) ?? 0) + sign
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
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
