/** Whether the numbers can be believed: what the stages `hygiene` and `check-summary` found. */
import { type Html, html, titleHtml } from "./html.ts"
import type { ReportRun } from "./report-run.ts"
import { grid, percent, tableHtml } from "./table-html.ts"

export const hygieneBox = ({ tables, view }: ReportRun): Html => {
  const summaries = tables.filter(({ node }) => node.stage === "check-summary")
  const single = tables.filter(({ node }) => node.stage === "hygiene")
  if (summaries.length + single.length === 0)
    return html`<p class="missing">No checks: this run has no node of the stages <code>hygiene</code> or <code>check-summary</code>, so nothing says whether its attacks are strong enough.</p>`
  const shares = view.nodes.flatMap(({ name, metrics }) => {
    const share = metrics["zero_gradient_share"]
    return share === undefined ? [] : [[name, percent(share), String(metrics["checks_failed"] ?? "–")]]
  })
  return html`${(summaries.length > 0 ? summaries : single).map(
    ({ value }) => html`<h3>${titleHtml(value.title)}</h3>${tableHtml(value)}`
  )}${
    shares.length > 0 &&
    html`<details><summary>Images without any gradient, which an attack cannot move</summary>${grid(
      [
        { head: "node" },
        { head: "share with zero gradient", isNumber: true },
        { head: "checks failed", isNumber: true }
      ],
      shares,
      "Share of images with zero gradient"
    )}</details>`
  }`
}
