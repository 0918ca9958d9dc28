/**
 * `many-nodes`: does a command that finds everything done stay quick when there is much of it?
 *
 * 1,000 and 10,000 nodes in layers, each taking a list of three. Peers run 1,000: DVC is left out, because one run of it
 * takes minutes (see README.md), and nobody but ours gets 10,000.
 */
import type { Bench } from "./rig/bench.ts"
import { contestIdle } from "./rig/contest.ts"
import { redun } from "./rig/redun.ts"
import { snakemake } from "./rig/snakemake.ts"
import { turborepo } from "./rig/turborepo.ts"

const rounds = 7

export const manyNodes: Bench = {
  name: "many-nodes",
  run: (report) => {
    report.heading("many-nodes: nothing changed, 1,000 nodes, whole process")
    const peers = [turborepo, snakemake, redun].flatMap((peer) => peer(report))
    const small = contestIdle(report, "many-nodes/1000", { nodes: 1000, rounds, peers })
    report.target({ what: "1,000 nodes", measured: small.median, limit: 400, better: "less", unit: " ms" })

    report.heading("many-nodes: nothing changed, 10,000 nodes, whole process")
    const large = contestIdle(report, "many-nodes/10000", { nodes: 10_000, rounds, peers: [] })
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
