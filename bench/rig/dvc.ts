/** DVC: a stage in `dvc.yaml` for each node. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { countLines, type Ended, run } from "./command.ts"
import { type Graph, nodesOf } from "./graph.ts"
import { pythonPeer } from "./peers.ts"
import type { Report } from "./report.ts"
import { discard, scratch } from "./scratch.ts"
import { expectCount, type Tool } from "./tool.ts"

const version = "3.67.1"

export const dvc = (report: Report): ReadonlyArray<Tool> => {
  const peer = pythonPeer(report, "dvc", version)
  if (peer === undefined) return []
  return [{ name: `DVC ${version}`, prepare: (graph) => prepare(join(peer, "bin", "dvc"), graph) }]
}

const prepare = (file: string, graph: Graph) => {
  const project = scratch("dvc")
  const start = (...args: ReadonlyArray<string>): Ended =>
    run({ file, args, cwd: project, environment: { DVC_NO_ANALYTICS: "1" } })
  start("init", "--no-scm", "--quiet")
  start("config", "core.analytics", "false")
  start("config", "core.check_update", "false")
  mkdirSync(join(project, "out"))
  writeFileSync(join(project, "dvc.yaml"), JSON.stringify({ stages: stagesOf(graph) }))
  const check = (ended: Ended, ran: number): number => {
    expectCount("stages that ran", countLines(ended.stdout, /^Running stage/), ran)
    return ended.seconds
  }
  check(start("repro"), graph.nodes)
  return {
    idle: () => check(start("repro"), 0),
    all: () => check(start("repro", "--force"), graph.nodes),
    remove: () => discard(project)
  }
}

const stagesOf = (graph: Graph): { readonly [name: string]: unknown } =>
  Object.fromEntries(
    nodesOf(graph).map(({ index, upstream }) => {
      const deps = upstream.map((each) => `out/${each}.txt`)
      const out = `out/${index}.txt`
      return [`n${index}`, { cmd: `echo ${[index, ...deps].join(" ")} > ${out}`, deps, outs: [out] }]
    })
  )
