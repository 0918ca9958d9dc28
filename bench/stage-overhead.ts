/**
 * `stage-overhead`: what does a node cost that runs and does almost nothing?
 *
 * Pipelines of 50 and of 250 independent nodes, all of which run, one at a time. The difference in time by the difference in nodes is
 * what one node costs once the program and its worker have started. DVC is left out: it writes its whole lock file after
 * every stage, and 250 of them take minutes.
 */
import type { Bench } from "./rig/bench.ts"
import { flat } from "./rig/graph.ts"
import { ours } from "./rig/ours.ts"
import { redun } from "./rig/redun.ts"
import { snakemake } from "./rig/snakemake.ts"
import { spreadOf, takeTurns } from "./rig/spread.ts"
import type { Prepared, Tool } from "./rig/tool.ts"

const rounds = 5
const few = 50
const many = 250

export const stageOverhead: Bench = {
  name: "stage-overhead",
  run: async (report) => {
    report.heading(`stage-overhead: every node runs, one at a time; ${few} and ${many} nodes`)
    const tools = [ours, ...[snakemake, redun].flatMap((peer) => peer(report))]
    const contests = tools.map((tool) => new Overhead(tool))
    try {
      await takeTurns(contests, rounds)
      for (const { name, whole, perNode } of contests) {
        report.row(`${name}, per node`, spreadOf(perNode), "ms")
        report.row(`${name}, ${few} nodes with start-up`, spreadOf(whole), "ms")
      }
    } finally {
      for (const contest of contests) contest.remove()
    }
    const [mine, ...theirs] = contests.map(({ name, perNode }) => ({ name, spread: spreadOf(perNode) }))
    if (mine === undefined) return
    const { median } = mine.spread
    for (const { name, spread } of theirs)
      report.compare({
        bench: "stage-overhead",
        ours: median,
        peer: spread.median,
        peerName: name,
        unit: "ms"
      })
    report.target({ what: "per node", measured: median, limit: 10, better: "less", unit: " ms" })
  }
}

/** A tool with its two projects, and what they took. In milliseconds. */
class Overhead {
  readonly name: string
  readonly whole: Array<number> = []
  readonly perNode: Array<number> = []
  readonly #small: Prepared
  readonly #large: Prepared

  constructor(tool: Tool) {
    this.name = tool.name
    this.#small = tool.prepare(flat(few))
    this.#large = tool.prepare(flat(many))
    this.#small.all()
  }

  once(): number {
    const small = this.#small.all() * 1000
    const perNode = (this.#large.all() * 1000 - small) / (many - few)
    this.whole.push(small)
    this.perNode.push(perNode)
    return perNode
  }

  remove(): void {
    this.#small.remove()
    this.#large.remove()
  }
}
