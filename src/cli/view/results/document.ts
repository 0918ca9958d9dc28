/** Finished runs as one Markdown document: what was run, on what, and every table that it came to. */

import type { Provenance } from "../../../artifact/action.ts"
import type { Table } from "../../../artifact/kinds/table.ts"
import type { NodeView } from "../../../track/run-node.ts"
import type { RunView } from "../../../track/run-view.ts"
import { count, duration, plural } from "../format.ts"
import { escaped, tableMarkdown } from "./markdown.ts"

/** A run, with what the document tells of it. */
export interface RunResults {
  readonly view: RunView
  readonly provenance: Provenance | undefined
  readonly tables: ReadonlyArray<{ readonly node: string; readonly table: Table }>
  /** What people have to say about these results, in Markdown. */
  readonly notes: string | undefined
}

/** @param command what was typed, for whoever wants to make the document again */
export const resultsDocument = (command: string, runs: ReadonlyArray<RunResults>): string => {
  const head = `# Results

Made by \`${command}\` from finished runs; changes belong into the runs or their notes. Accuracies are in percent, ± one standard
error; epsilon is in units of the pixel range [0, 1].`
  return `${[head, ...runs.map(runSection)].join("\n\n")}\n`
}

const runSection = (results: RunResults): string => {
  const { view, tables, notes } = results
  return [
    `## ${escaped(view.pipeline)}, preset \`${view.preset}\``,
    runCard(results),
    ...(notes === undefined ? [] : [notes.trim()]),
    ...tables.map(
      ({ node, table }) => `### ${escaped(table.title)}\n\nNode \`${node}\`\n\n${tableMarkdown(table)}`
    ),
    `<details>\n<summary>Params</summary>\n\n\`\`\`json\n${JSON.stringify(view.params, null, 2)}\n\`\`\`\n\n</details>`
  ].join("\n\n")
}

const runCard = ({ view, provenance }: RunResults): string => {
  const { counts, seconds, savedSeconds } = view
  const cached =
    counts.cached === 0
      ? ""
      : `, ${plural(counts.cached, "node")} from the cache, where they once took ${duration(savedSeconds)}`
  return [
    `- command: \`pipeline run ${view.pipeline} --preset ${view.preset}\`, with the params below`,
    `- run: \`${view.id}\`, ${new Date(view.startedAt).toISOString().slice(0, 10)}, ${duration(seconds)} wall time, ${count(counts.ran)} of ${plural(view.total, "node")} computed${cached}`,
    ...view.nodes.filter(isSource).map(dataLine),
    `- engine: ${enginesOf(view)}`,
    ...(provenance === undefined
      ? []
      : [`- machine: ${escaped(provenance.machine)}; Node ${provenance.node}; ${provenance.program}`])
  ].join("\n")
}

/** Data that come from outside. */
const isSource = ({ kind, inputs = {}, digest }: NodeView): boolean =>
  kind === "Dataset" && digest !== undefined && Object.keys(inputs).length === 0

const dataLine = ({ name, stage = "", digest, metrics }: NodeView): string => {
  const { images } = metrics
  return `- data \`${name}\`: \`${stage}\`, ${images === undefined ? "" : `${count(images)} images, `}digest \`${digest ?? "unknown"}\``
}

const enginesOf = ({ nodes }: RunView): string => {
  const used = nodes.flatMap(({ engine }) =>
    engine === undefined
      ? []
      : [
          `\`${engine.name}\` on ${engine.device}, ${plural(engine.threads, "thread")} a node (${Object.entries(
            engine.versions
          )
            .map(([name, version]) => `${name} ${version}`)
            .join(", ")})`
        ]
  )
  return used.length === 0 ? "nothing was computed in this run" : [...new Set(used)].join("; ")
}
