/** The tables of a run: those that it came to, and folded, those that others are made of. */

import type { Table } from "../artifact/kinds/table.ts"
import { wilsonError } from "../tensor/evaluation/accuracy.ts"
import { number } from "../text/format.ts"
import { type Html, html, titleHtml } from "./html.ts"
import { type Held, type ReportRun, sourcesOf } from "./report-run.ts"
import { grid, percent, tableHtml } from "./table-html.ts"

/** Rows of a table that is not folded. */
const fewRows = 40

/** Stages whose tables have a section of their own. */
const elsewhere = new Set(["hygiene", "check-summary"])

export const tablesOf = (run: ReportRun): ReadonlyArray<Html> => {
  const used = new Set(
    run.view.nodes.filter(({ kind }) => kind === "Table").flatMap((node) => sourcesOf(node))
  )
  const own = run.tables.filter(({ node }) => !elsewhere.has(node.stage ?? ""))
  const final = own.filter(({ node }) => !used.has(node.name))
  const inner = own.filter(({ node }) => used.has(node.name))
  // What compares with published numbers is what people came for.
  const compares = ({ value }: Held<Table>) => value.columns.some(({ name }) => name === "published")
  return [
    ...final.filter(compares).map(tableSection),
    ...final.filter((table) => !compares(table)).map(tableSection),
    ...(inner.length === 0
      ? []
      : [
          html`<details><summary>${inner.length} tables that others are made of</summary>${inner.map(tableSection)}</details>`
        ])
  ]
}

export const tableSection = ({ node, value }: Held<Table>): Html => {
  const content = html`${tableHtml(value)}<p class="muted small">Node <code>${node.name}</code></p>`
  return value.rows.length > fewRows && value.columns.every(({ name }) => name !== "epsilon")
    ? html`<details><summary>${titleHtml(value.title)}</summary>${content}</details>`
    : html`<h3>${titleHtml(value.title)}</h3>${content}`
}

/** Models on sets of images as they are, a row for each. */
export const evaluationTable = ({ evaluations }: ReportRun): Html | undefined => {
  if (evaluations.length === 0) return undefined
  const rows = evaluations.map(({ value: { title, count, correct, perClass, metrics } }) => {
    const accuracy = correct / count
    const worst = perClass
      .filter((each) => each.count > 0)
      .map((each) => ({ name: each.name, share: each.correct / each.count }))
      .reduce<{ name: string; share: number } | undefined>(
        (least, each) => (least === undefined || each.share < least.share ? each : least),
        undefined
      )
    const error = wilsonError(accuracy, count)
    return [
      title,
      number(count),
      html`${percent(accuracy)}<span class="muted small"> ±${(100 * error).toFixed(1)}</span>`,
      worst === undefined ? "–" : `${percent(worst.share)} (${worst.name})`,
      ...["loss", "confidence", "wrong_confidence"].map((name) => {
        const value = metrics[name]
        return value === undefined ? "–" : number(Number(value.toPrecision(4)))
      })
    ]
  })
  const numeric = (head: string) => ({ head, isNumber: true })
  return html`<h3>Accuracy on clean and given images</h3>${grid(
    [
      { head: "what" },
      ...["images", "accuracy", "worst class", "loss", "confidence", "confidence when wrong"].map(numeric)
    ],
    rows,
    "Evaluations"
  )}`
}
