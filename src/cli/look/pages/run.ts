/** One run: how far it is, its graph with a panel for each node, and its curves. */
import { graphSection } from "../../../report/graph-section.ts"
import { cut, type Html, html } from "../../../report/html.ts"
import { grid } from "../../../report/table-html.ts"
import { dateTime, duration, number, plural } from "../../../text/format.ts"
import { leaves } from "../../../text/leaves.ts"
import type { RunView } from "../../../track/run-view.ts"
import type { Answer } from "../answer.ts"
import { curve } from "../curve.ts"
import { framed } from "../frame.ts"
import type { Sight } from "../open-run.ts"

/** @param before the run of the same pipeline before this one */
export const runPage = ({ view, position }: Sight, before: string | undefined): Answer => {
  const [here, other] = [view.id, before ?? ""].map(encodeURIComponent)
  return framed({
    title: view.pipeline === "" ? "A run without a beginning" : cut(`${view.pipeline}, ${view.preset}`, 300),
    links: [
      [`/runs/${here}/report`, "Report"],
      ...(before === undefined
        ? []
        : [[`/compare?run=${other}&run=${here}`, "Compare with the run before"] as const])
    ],
    live: view.status === "running" ? `/runs/${here}/live?from=${position}` : undefined,
    body: html`
<p class="muted"><code>${view.id}</code>, started ${view.startedAt > 0 ? dateTime(view.startedAt) : "nobody knows when"}</p>
<div id="standing" data-part>${standing(view)}</div>
<div id="trouble" data-part>${trouble(view)}</div>
<h2>Graph</h2>${graphSection(view)}
<div id="curves" data-part>${curves(view)}</div>
${params(view)}`
  })
}

const standing = ({ status, seconds, savedSeconds, total, counts }: RunView): Html => {
  const settled = total - counts.running - counts.pending - counts.waiting
  const said = Object.entries(counts).filter(([, count]) => count > 0)
  return html`<p><span class="state state-${status}">${status}</span> ${duration(seconds)}${
    savedSeconds > 0 && `, saved ${duration(savedSeconds)}`
  }. ${plural(total, "node")}: ${said.map(([word, count]) => `${count} ${word}`).join(", ")}</p>
${status === "running" && html`<progress max="${total}" value="${settled}" aria-label="nodes that are over"></progress>`}`
}

const mostTold = 20

const trouble = ({ nodes }: RunView): Html | undefined => {
  const failed = [...nodes.entries()].filter(([, { state }]) => state === "failed")
  if (failed.length === 0) return undefined
  return html`<h2>Failed</h2><ul>${failed
    .slice(0, mostTold)
    .map(
      ([index, { name, failure }]) =>
        html`<li><a href="#node-${index}">${cut(name, 200)}</a>: <span class="said">${cut(failure?.message ?? "", 500)}</span></li>`
    )}</ul>${failed.length > mostTold && html`<p class="muted">${failed.length - mostTold} more</p>`}`
}

const curves = ({ nodes }: RunView): Html | undefined => {
  const rows = nodes.flatMap(({ name: node, series, metrics }) =>
    Object.entries(series).flatMap(([name, points]) => {
      const drawn = curve(`${node}, ${name}`, points)
      const value = metrics[name] ?? points.at(-1)?.[1] ?? Number.NaN
      return drawn === undefined ? [] : [[cut(node, 200), cut(name, 200), number(value), drawn]]
    })
  )
  if (rows.length === 0) return undefined
  const heads = [{ head: "node" }, { head: "metric" }, { head: "now", isNumber: true }, { head: "curve" }]
  return html`<h2>Curves</h2>${grid(heads, rows, "Curves")}`
}

const params = ({ params }: RunView): Html | undefined => {
  const rows = leaves(params).map(({ path, value }) => [
    html`<code>${path}</code>`,
    html`<code>${cut(JSON.stringify(value), 400)}</code>`
  ])
  return rows.length === 0
    ? undefined
    : html`<h2>Params</h2>${grid([{ head: "param" }, { head: "value" }], rows, "Params")}`
}
