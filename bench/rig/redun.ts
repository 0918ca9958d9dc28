/** redun: a task function that is called once for each node; values, not files, go from task to task. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { countLines, type Ended, run } from "./command.ts"
import { type Graph, reach } from "./graph.ts"
import { pythonPeer } from "./peers.ts"
import type { Report } from "./report.ts"
import { discard, scratch } from "./scratch.ts"
import { expectCount, type Tool } from "./tool.ts"

const version = "0.44.1"

export const redun = (report: Report): ReadonlyArray<Tool> => {
  const peer = pythonPeer(report, "redun", version)
  if (peer === undefined) return []
  return [{ name: `redun ${version}`, prepare: (graph) => prepare(join(peer, "bin", "redun"), graph) }]
}

const prepare = (file: string, graph: Graph) => {
  const project = scratch("redun")
  writeFileSync(join(project, "workflow.py"), workflow(graph))
  let salt = 0
  const start = (): Ended =>
    run({ file, args: ["run", "workflow.py", "main", "--salt", String(salt)], cwd: project })
  const check = (ended: Ended, cached: number, ran: number): number => {
    const text = ended.stdout + ended.stderr
    expectCount("cached tasks", countLines(text, /Cached .*layers\.node\(/), cached)
    expectCount("tasks that ran", countLines(text, /Run .*layers\.node\(/), ran)
    return ended.seconds
  }
  check(start(), 0, graph.nodes)
  return {
    idle: () => check(start(), graph.nodes, 0),
    all: () => {
      salt++
      return check(start(), 0, graph.nodes)
    },
    remove: () => discard(project)
  }
}

const workflow = ({ nodes, width }: Graph): string => `
from redun import task

redun_namespace = "layers"

@task()
def node(index: int, upstream: list, salt: int) -> int:
    return index + sum(upstream)

@task()
def main(salt: int) -> list:
    made = []
    for index in range(${nodes}):
        before = (index // ${width} - 1) * ${width}
        upstream = [made[before + (index + step) % ${width}] for step in ${JSON.stringify(reach)}] if before >= 0 else []
        made.append(node(index, upstream, salt))
    return made
`
