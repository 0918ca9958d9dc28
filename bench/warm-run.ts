/**
 * `warm-run`: how long does a command take that finds everything done?
 *
 * The whole process, from the shell's `exec` to its end, on a pipeline of 20 trivial nodes. Peers run the same graph.
 */
import type { Bench } from "./rig/bench.ts"
import { run } from "./rig/command.ts"
import { contestIdle } from "./rig/contest.ts"
import { dvc } from "./rig/dvc.ts"
import { layered } from "./rig/graph.ts"
import { nodes } from "./rig/machine.ts"
import { redun } from "./rig/redun.ts"
import { snakemake } from "./rig/snakemake.ts"
import { turborepo } from "./rig/turborepo.ts"

const rounds = 15

export const warmRun: Bench = {
  name: "warm-run",
  run: async (report) => {
    report.heading("warm-run: nothing changed, 20 nodes, whole process")
    const peers = [turborepo, snakemake, dvc, redun].flatMap((peer) => peer(report))
    const beside = nodes().map(({ name, file }) => ({
      name,
      once: () => run({ file, args: ["-e", "0"], cwd: "/" }).seconds * 1000
    }))
    const mine = await contestIdle(report, "warm-run", { graph: layered(20), rounds, peers, beside })
    report.target({ what: "whole process", measured: mine.median, limit: 150, better: "less", unit: " ms" })
  }
}
