/** Tables in a page. */
import type { Table } from "../artifact/kinds/table.ts"
import { epsilonText } from "../tensor/evaluation/epsilons.ts"
import { count, number } from "../text/format.ts"
import { cut, type Html, html, type Part } from "./html.ts"
import { type Pivot, pivotOf } from "./pivot.ts"

/** Rows that a page shows of one table, and characters of a cell. */
const mostRows = 400
const mostText = 600

/** A cell beside several rows; in those after the first, `spanned` takes its place. */
export class Spanning {
  readonly content: Part
  readonly rows: number

  constructor(content: Part, rows: number) {
    this.content = content
    this.rows = rows
  }
}
export const spanned = new Spanning(undefined, 0)

export interface Column {
  readonly head: Part
  readonly isNumber?: boolean
}

/** Rows under heads, scrolled sideways where the page is narrow. */
export const grid = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Part | Spanning>>,
  label: string
): Html => {
  const cell = (part: Part | Spanning, index: number) => {
    if (part === spanned) return undefined
    if (part instanceof Spanning) return html`<td rowspan="${part.rows}">${part.content}</td>`
    return columns[index]?.isNumber ? html`<td class="number">${part}</td>` : html`<td>${part}</td>`
  }
  const rest = rows.length - mostRows
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}"><table class="data"><thead><tr>${columns.map(
    ({ head, isNumber }) =>
      isNumber ? html`<th class="number" scope="col">${head}</th>` : html`<th scope="col">${head}</th>`
  )}</tr></thead><tbody>${rows.slice(0, mostRows).map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>${
    rest > 0 &&
    html`<p class="missing">${count(rest)} more rows are not shown: the page has room for ${mostRows} of a table.</p>`
  }`
}

/** A table with epsilon across where it has one, as accuracies are read. */
export const tableHtml = (table: Table): Html => {
  const pivot = pivotOf(table)
  return pivot === undefined ? plain(table) : across(pivot, table.title)
}

const plain = ({ title, columns, rows }: Table): Html =>
  grid(
    columns.map(({ name, type, unit }) => ({
      head: unit === undefined || unit === "share" || unit === name ? name : `${name}, ${unit}`,
      isNumber: type === "number"
    })),
    rows.map((row) => row.map((cell, index) => cellHtml(cell, columns[index]?.unit))),
    title
  )

const verdicts = new Set(["passed", "failed"])

export const cellHtml = (cell: Table["rows"][number][number], unit: string | undefined): Part => {
  if (cell === null) return "–"
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  if (typeof cell === "number") return unit === "share" ? percent(cell) : number(Number(cell.toPrecision(5)))
  // `passed`, or `passed at 0.1, 0.3`.
  const [word = ""] = cell.split(" at ", 1)
  return verdicts.has(word) ? html`<span class="state state-${word}">${cell}</span>` : cut(cell, mostText)
}

export const percent = (share: number): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "–"

const across = ({ epsilons, groups }: Pivot, title: string): Html => {
  const several = groups.some(({ series }) => series.length > 1)
  const rows = groups.flatMap(({ name, series, remark }) =>
    series.map(
      (each, index): ReadonlyArray<Part | Spanning> => [
        index > 0
          ? spanned
          : new Spanning(
              html`${cut(name, mostText)}${remark !== "" && html`<br><span class="muted small">${cut(remark, mostText)}</span>`}`,
              series.length
            ),
        ...(several ? [each.name] : []),
        ...each.points.map((point) => point !== undefined && pointHtml(point))
      ]
    )
  )
  const heads: ReadonlyArray<Column> = [
    { head: "accuracy in %, at ε" },
    ...(several ? [{ head: "which" }] : []),
    ...epsilons.map((epsilon) => ({ head: epsilonText(epsilon), isNumber: true }))
  ]
  return grid(heads, rows, title)
}

const pointHtml = ({
  share,
  standardError
}: {
  readonly share: number
  readonly standardError: number | null
}): Html => {
  const value = (100 * share).toFixed(1)
  return standardError === null
    ? html`${value}`
    : html`${value}<span class="muted small"> ±${(100 * standardError).toFixed(1)}</span>`
}
