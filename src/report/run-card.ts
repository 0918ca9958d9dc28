/** What was run, on what, with which data: all that another person needs to run it again. */
import { count, dateTime, duration, plural } from "../text/format.ts"
import { leaves } from "../text/leaves.ts"
import type { NodeView } from "../track/run-node.ts"
import type { RunView } from "../track/run-view.ts"
import { cut, type Html, html, type Part } from "./html.ts"
import { terms } from "./node-panel.ts"
import type { ReportRun } from "./report-run.ts"
import { grid } from "./table-html.ts"

export const runCard = (run: ReportRun): Html => {
  const { view, provenance, revision } = run
  return html`${terms([
    [
      "command",
      html`<code>pipeline run ${view.pipeline} --preset ${view.preset}</code>, with the params below`
    ],
    ["run", html`<code>${view.id}</code>`],
    ["started", view.startedAt > 0 ? dateTime(view.startedAt) : undefined],
    ["wall time", timeText(view)],
    ["data", dataOf(view)],
    ["seeds", seedsOf(view)],
    ["engine", enginesOf(view)],
    ["machine", provenance?.machine],
    ["program", provenance && `${provenance.program}, Node ${provenance.node}`],
    [
      "revision",
      revision &&
        html`<code>${revision.commit.slice(0, 12)}</code>${revision.dirty && ", with changes that are not in it"}`
    ]
  ])}<details><summary>Params</summary>${grid(
    [{ head: "param" }, { head: "value" }],
    leaves(view.params).map(({ path, value }) => [
      html`<code>${path}</code>`,
      html`<code>${cut(JSON.stringify(value), 400)}</code>`
    ]),
    "Params of the run"
  )}</details>`
}

export const timeText = ({ seconds, savedSeconds, counts, total }: RunView): string =>
  [
    duration(seconds),
    `${count(counts.ran)} of ${plural(total, "node")} computed`,
    ...(counts.cached === 0
      ? []
      : [`${count(counts.cached)} from the cache, which saved ${duration(savedSeconds)} of computing`])
  ].join(", ")

const isSource = ({ kind, inputs = {} }: NodeView): boolean =>
  kind === "Dataset" && Object.keys(inputs).length === 0

const dataOf = ({ nodes }: RunView): Part => {
  const sources = nodes.filter(isSource).map(({ name, stage = "", digest, metrics }) => {
    const { images } = metrics
    return html`<div>${name}: ${cut(stage, 200)}${images !== undefined && `, ${count(images)} images`}${digest !== undefined && html`, <code>${digest.slice(0, 16)}</code>`}</div>`
  })
  return sources.length === 0 ? undefined : sources
}

/** Params that are called seeds, which is what they have to be. */
const seedsOf = ({ params }: RunView): string | undefined => {
  const seeds = leaves(params).filter(({ path }) => /seeds?$/i.test(path))
  return seeds.length === 0
    ? undefined
    : cut(seeds.map(({ path, value }) => `${path} ${JSON.stringify(value)}`).join(", "), 600)
}

const enginesOf = ({ nodes }: RunView): string => {
  const used = nodes.flatMap(({ engine }) =>
    engine === undefined
      ? []
      : [
          `${engine.name} on ${engine.device}, ${plural(engine.threads, "thread")} a node (${Object.entries(
            engine.versions
          )
            .map(([name, version]) => `${name} ${version}`)
            .join(", ")})`
        ]
  )
  return used.length === 0 ? "nothing was computed with tensors in this run" : [...new Set(used)].join("; ")
}
