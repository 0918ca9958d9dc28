/**
 * `many-nodes`: does a command that finds everything done stay quick when there is much of it?
 *
 * 1,000 and 10,000 nodes in layers, each taking a list of three. Peers run 1,000, nobody but ours 10,000. DVC and redun are
 * left out: one run of theirs takes minutes, or all memory (see README.md).
 */
import type { Bench } from "./rig/bench.ts"
import { contestIdle } from "./rig/contest.ts"
import { layered } from "./rig/graph.ts"
import { snakemake } from "./rig/snakemake.ts"
import { turborepo } from "./rig/turborepo.ts"

const rounds = 7

export const manyNodes: Bench = {
  name: "many-nodes",
  run: async (report) => {
    report.heading("many-nodes: nothing changed, 1,000 nodes, whole process")
    const peers = [turborepo, snakemake].flatMap((peer) => peer(report))
    const small = await contestIdle(report, "many-nodes/1000", { graph: layered(1000), rounds, peers })
    report.target({ what: "1,000 nodes", measured: small.median, limit: 400, better: "less", unit: " ms" })

    report.heading("many-nodes: nothing changed, 10,000 nodes, whole process")
    const large = await contestIdle(report, "many-nodes/10000", { graph: layered(10_000), rounds, peers: [] })
    report.target({ what: "10,000 nodes", measured: large.median, limit: 1500, better: "less", unit: " ms" })

    // Whatever a start costs counts for growth as well: it is what a user waits for.
    const growth = large.median / small.median
    report.target({
      what: `growth for ten times the nodes (exponent ${Math.log10(growth).toFixed(2)})`,
      measured: growth,
      limit: 10,
      better: "less",
      unit: " times"
    })
    report.compare({
      bench: "many-nodes/growth",
      ours: large.median,
      peer: 10 * small.median,
      peerName: "linear",
      unit: "ms"
    })
  }
}
