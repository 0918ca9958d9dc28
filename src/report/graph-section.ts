/** The run's nodes: as a picture whose boxes open panels, and as a list. */
import { count, shortDigest } from "../text/format.ts"
import type { RunView } from "../track/run-view.ts"
import { dag, timeOf } from "./dag.ts"
import { cut, type Html, html } from "./html.ts"
import { nodePanel } from "./node-panel.ts"
import { grid } from "./table-html.ts"

/** Boxes of a picture that a person can still find anything in, and panels that a page has room for. */
const mostDrawn = 600
const mostPanels = 1000

export const graphSection = ({ nodes }: RunView): Html => {
  const withPanels = nodes.slice(0, mostPanels)
  return html`${
    nodes.length === 0
      ? html`<p class="missing">No nodes: the journal ends before the first one.</p>`
      : nodes.length > mostDrawn
        ? html`<p class="missing">No picture: ${count(nodes.length)} nodes are too many for one. They are in the list.</p>`
        : html`<p class="muted small">Click a node for its params, key, digest, metrics and log.</p><div class="frame" tabindex="0" role="group" aria-label="Graph of the run">${dag(nodes)}</div>`
  }<details><summary>All nodes as a list</summary><div id="nodes" data-part>${grid(
    [{ head: "node" }, { head: "stage" }, { head: "state" }, { head: "artifact" }, { head: "why" }],
    withPanels.map((node, index) => [
      html`<a href="#node-${index}">${cut(node.name, 200)}</a>`,
      cut(node.stage ?? "", 200),
      html`<span class="state state-${node.state}">${timeOf(node)}</span>`,
      html`<code>${shortDigest(node.digest)}</code>`,
      cut(node.failure?.message ?? node.reason ?? "", 200)
    ]),
    "Nodes"
  )}</div></details>${withPanels.map(nodePanel)}${
    nodes.length > mostPanels &&
    html`<p class="missing">Of ${count(nodes.length)} nodes the first ${count(mostPanels)} have panels; <code>pipeline show</code> has all.</p>`
  }`
}
