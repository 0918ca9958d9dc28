/** Snakemake: one rule for all nodes, with a function that says which files a node takes. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { countLines, type Ended, run } from "./command.ts"
import { type Graph, reach } from "./graph.ts"
import { pythonPeer } from "./peers.ts"
import type { Report } from "./report.ts"
import { discard, scratch } from "./scratch.ts"
import { expectCount, type Tool } from "./tool.ts"

const version = "9.27.1"

export const snakemake = (report: Report): ReadonlyArray<Tool> => {
  const peer = pythonPeer(report, "snakemake", version)
  if (peer === undefined) return []
  return [
    { name: `Snakemake ${version}`, prepare: (graph) => prepare(join(peer, "bin", "snakemake"), graph) }
  ]
}

const prepare = (file: string, graph: Graph) => {
  const project = scratch("snakemake")
  writeFileSync(join(project, "Snakefile"), snakefile(graph))
  const start = (...flags: ReadonlyArray<string>): Ended =>
    run({ file, args: ["--cores", "1", ...flags], cwd: project })
  const check = (ended: Ended, ran: number): number => {
    const text = ended.stdout + ended.stderr
    if (ran === 0)
      expectCount("messages that nothing is to be done", countLines(text, /^Nothing to be done/), 1)
    else expectCount("rules that ran", countLines(text, /^(local)?rule node:/), ran)
    return ended.seconds
  }
  check(start(), graph.nodes)
  return {
    idle: () => check(start(), 0),
    all: () => check(start("--forceall"), graph.nodes),
    remove: () => discard(project)
  }
}

const snakefile = ({ nodes, width }: Graph): string => `
def upstream(wildcards):
    index = int(wildcards.index)
    before = (index // ${width} - 1) * ${width}
    if before < 0:
        return []
    return [f"out/{before + (index + step) % ${width}}.txt" for step in ${JSON.stringify(reach)}]

rule all:
    input: [f"out/{index}.txt" for index in range(${nodes})]

rule node:
    input: upstream
    output: "out/{index}.txt"
    shell: "echo {wildcards.index} {input} > {output}"
`
