/** The longest chain of nodes that wait for each other: no number of cores ends a run before it. */
import type { ExpectedNode } from "./forecast.ts"

/** How often it is looked for. In between it comes nearer by itself. */
const everyMillis = 500

export class LongestChain {
  readonly #nodes: ReadonlyArray<ExpectedNode>
  /** When it ends, in milliseconds since 1970, and when that was found out. */
  #end = 0
  #foundAt = Number.NEGATIVE_INFINITY

  /** @param nodes in topological order */
  constructor(nodes: ReadonlyArray<ExpectedNode>) {
    this.#nodes = nodes
  }

  /**
   * Seconds from now to its end.
   *
   * @param secondsOf what a node still takes by itself; 0 for one that is over, or of which nobody knows
   */
  left(now: number, secondsOf: (node: ExpectedNode) => number): number {
    if (now - this.#foundAt >= everyMillis) {
      this.#foundAt = now
      this.#end = now + this.#longest(secondsOf) * 1000
    }
    return Math.max(0, (this.#end - now) / 1000)
  }

  #longest(secondsOf: (node: ExpectedNode) => number): number {
    const ends = new Map<string, number>()
    let longest = 0
    for (const node of this.#nodes) {
      let begin = 0
      for (const name of node.after) begin = Math.max(begin, ends.get(name) ?? 0)
      const end = begin + secondsOf(node)
      ends.set(node.name, end)
      longest = Math.max(longest, end)
    }
    return longest
  }
}
