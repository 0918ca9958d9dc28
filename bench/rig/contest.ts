/** The same graph under several tools, measured in turns and told against ours. */
import type { Graph } from "./graph.ts"
import { ours } from "./ours.ts"
import type { Report } from "./report.ts"
import { type Contestant, type Spread, takeTurns } from "./spread.ts"
import type { Prepared, Tool } from "./tool.ts"

/** Runs in which nothing changed: prints a row for each tool, and ours against every other. Returns ours. */
export const contestIdle = async (
  report: Report,
  bench: string,
  options: {
    readonly graph: Graph
    readonly rounds: number
    readonly peers: ReadonlyArray<Tool>
    readonly beside?: ReadonlyArray<Contestant>
  }
): Promise<Spread> => {
  const { graph, rounds, peers, beside = [] } = options
  const prepared: Array<{ readonly name: string; readonly project: Prepared }> = []
  try {
    prepared.push(prepare(ours, graph))
    for (const tool of peers) {
      try {
        prepared.push(prepare(tool, graph))
      } catch (error) {
        report.skip(tool.name, error instanceof Error ? error.message : String(error))
      }
    }
    const tools = prepared.map(({ name, project }) => ({ name, once: () => project.idle() * 1000 }))
    const spreads = await takeTurns([...tools, ...beside], rounds)
    return tell(report, bench, spreads, peers)
  } finally {
    for (const { project } of prepared) project.remove()
  }
}

/** Each idle run checks that nothing ran; the first one also warms what the disk and the tool remember. */
const prepare = (tool: Tool, graph: Graph) => {
  const project = tool.prepare(graph)
  project.idle()
  return { name: tool.name, project }
}

const tell = (
  report: Report,
  bench: string,
  spreads: ReadonlyMap<string, Spread>,
  peers: ReadonlyArray<Tool>
): Spread => {
  for (const [name, spread] of spreads) report.row(name, spread, "ms")
  const mine = spreads.get(ours.name)
  if (mine === undefined) throw new Error("nothing was measured")
  for (const { name } of peers) {
    const theirs = spreads.get(name)
    if (theirs !== undefined)
      report.compare({ bench, ours: mine.median, peer: theirs.median, peerName: name, unit: "ms" })
  }
  return mine
}
