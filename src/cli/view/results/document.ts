/** Finished runs as one Markdown document: what was run, on what, and every table that it came to. */

import type { Provenance } from "../../../artifact/action.ts"
import type { Table } from "../../../artifact/kinds/table.ts"
import { sizesOf, withoutSize } from "../../../report/size-of-run.ts"
import type { NodeView } from "../../../track/run-node.ts"
import type { RunView } from "../../../track/run-view.ts"
import { count, duration, plural } from "../format.ts"
import { escaped, tableMarkdown } from "./markdown.ts"

/** A run, with what the document tells of it. */
export interface RunResults {
  readonly view: RunView
  /** Of each node's artifact: where and when it was computed, in this run or an earlier one. */
  readonly computed: ReadonlyArray<Provenance>
  readonly tables: ReadonlyArray<{ readonly node: NodeView; readonly value: Table }>
  /** What people have to say about these results, in Markdown. */
  readonly notes: string | undefined
}

/** @param command what was typed, for whoever wants to make the document again */
export const resultsDocument = (command: string, runs: ReadonlyArray<RunResults>): string => {
  const head = `# Results

Made by \`${command}\` from finished runs; changes belong into the runs or their notes.

- Accuracies are in percent, differences of them in points; epsilon is in units of the pixel range [0, 1].
- An image that is wrong without an attack counts as wrong at every epsilon, so no accuracy exceeds the clean one. Only tables of
  _attacked images alone_ count what is said of these, whatever was said without the attack.
- \`n\` is the number of images, \`n = 5 × 100\` five samples of 100, or five seeds.
- ± is one standard error. Of one set of images it is half the width of Wilson's score interval (Wilson 1927; Brown, Cai & DasGupta 2001):
  what other images would change, and not what another training would. Of several samples or seeds it is that of their mean, from their
  spread, which is itself uncertain where they are few.`
  return `${[head, ...runs.map(runSection)].join("\n\n")}\n`
}

const runSection = (results: RunResults): string => {
  const { view, tables, notes } = results
  const sizes = sizesOf(tables)
  return [
    `## ${escaped(view.pipeline)}, preset \`${view.preset}\``,
    runCard(results),
    ...(notes === undefined ? [] : [notes.trim()]),
    ...tables.map(
      ({ node, value }) =>
        `### ${escaped(withoutSize(value.title, sizes))}\n\nNode \`${node.name}\`\n\n${tableMarkdown(value)}`
    ),
    `<details>\n<summary>Params</summary>\n\n\`\`\`json\n${paramsText(view.params)}\n\`\`\`\n\n</details>`
  ].join("\n\n")
}

/** JSON with lists of numbers and words on one line. */
const paramsText = (params: RunView["params"]): string =>
  JSON.stringify(params, null, 2).replaceAll(
    /\[\n\s*([^[\]{}]*?)\n\s*\]/g,
    (_, inner: string) => `[${inner.replaceAll(/\n\s*/g, " ")}]`
  )

const runCard = ({ view, computed, tables }: RunResults): string => {
  const { counts, seconds, savedSeconds } = view
  const cached =
    counts.cached === 0
      ? ""
      : `, ${plural(counts.cached, "node")} from the cache, where they once took ${duration(savedSeconds)}`
  const sources = view.nodes.filter(isSource)
  // What is not generated is looked for there, before it is fetched.
  const directory = sources.some(({ stage = "" }) => !stage.includes("synthetic")) ? " --data-dir DIR" : ""
  return [
    `- command: \`pipeline run ${view.pipeline} --preset ${view.preset}${directory}\`, with the params below`,
    `- run: \`${view.id}\`, ${new Date(view.startedAt).toISOString().slice(0, 10)}, ${duration(seconds)} wall time, ${count(counts.ran)} of ${plural(view.total, "node")} computed${cached}`,
    ...sizesOf(tables).map(({ study, text }) => `- ${study === "" ? "size" : study}: ${escaped(text)}`),
    ...sources.map(dataLine),
    ...told("engine", computed, ({ engine }) =>
      engine === undefined
        ? []
        : [
            `\`${engine.name}\` on ${engine.device}, ${plural(engine.threads, "thread")} a node (${Object.entries(
              engine.versions
            )
              .map(([name, version]) => `${name} ${version}`)
              .join(", ")})`
          ]
    ),
    ...told("machine", computed, ({ machine, node, program }) => [
      `${escaped(machine)}; Node ${node}; ${program}`
    ]),
    ...told("computed by", computed, ({ run, revision }) => [
      `run \`${run}\`${revision === undefined ? "" : `, commit ${revision.commit.slice(0, 12)}${revision.dirty ? " with changes" : ""}`}`
    ])
  ].join("\n")
}

/** What was said of nodes' artifacts, each thing once, with the number of nodes where there are several. */
const told = (
  what: string,
  computed: ReadonlyArray<Provenance>,
  say: (provenance: Provenance) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const said = [...Map.groupBy(computed.flatMap(say), (text) => text)]
  if (said.length === 0) return []
  const texts = said.map(([text, nodes]) =>
    said.length === 1 ? text : `${text} (${plural(nodes.length, "node")})`
  )
  return [`- ${what}: ${texts.join("; ")}`]
}

/** Data that come from outside. */
const isSource = ({ kind, inputs = {}, digest }: NodeView): boolean =>
  kind === "Dataset" && digest !== undefined && Object.keys(inputs).length === 0

const dataLine = ({ name, stage = "", digest, metrics }: NodeView): string => {
  const { images } = metrics
  return `- data \`${name}\`: \`${stage}\`, ${images === undefined ? "" : `${count(images)} images, `}digest \`${digest ?? "unknown"}\``
}
