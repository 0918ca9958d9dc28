/** Tables as Markdown. */
import type { Table } from "../../../artifact/kinds/table.ts"
import { type Pivot, pivotOf } from "../../../report/pivot.ts"
import { count } from "../format.ts"
import { harmless } from "../text.ts"

export const tableMarkdown = (table: Table): string => {
  const pivot = pivotOf(table)
  return pivot === undefined ? plain(table) : across(pivot)
}

/** Text that Markdown takes as it is, on one line. */
export const escaped = (text: string): string =>
  harmless(text.replaceAll(/\s+/g, " ")).replaceAll(/[\\`*_{}[\]<>|#]/g, (mark) => `\\${mark}`)

const lines = (
  heads: ReadonlyArray<string>,
  isNumber: ReadonlyArray<boolean>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(heads), line(isNumber.map((number) => (number ? "--:" : "---"))), ...rows.map(line)].join("\n")
}

const plain = ({ columns, rows }: Table): string =>
  lines(
    columns.map(({ name, unit }) =>
      escaped(unit === undefined || unit === "share" ? name : `${name}, ${unit}`)
    ),
    columns.map(({ type }) => type === "number"),
    rows.map((row) => row.map((cell, index) => cellText(cell, columns[index]?.unit)))
  )

const cellText = (cell: Table["rows"][number][number], unit: string | undefined): string => {
  if (cell === null) return "–"
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  if (typeof cell === "string") return escaped(cell)
  if (unit === "share") return percent(cell)
  return Number.isInteger(cell) ? count(cell) : String(Number(cell.toPrecision(4)))
}

const across = ({ epsilons, groups }: Pivot): string => {
  const several = groups.some(({ series }) => series.length > 1)
  const rows = groups.flatMap(({ name, series }) =>
    series.map((each, index) => [
      index === 0 ? escaped(name) : "",
      ...(several ? [escaped(each.name)] : []),
      ...each.points.map((point) => (point === undefined ? "" : pointText(point)))
    ])
  )
  const heads = ["accuracy at epsilon", ...(several ? [""] : []), ...epsilons.map(String)]
  const isNumber = [false, ...(several ? [false] : []), ...epsilons.map(() => true)]
  const remarks = groups.filter(({ remark }) => remark !== "")
  return [
    lines(heads, isNumber, rows),
    ...(remarks.length === 0
      ? []
      : ["", ...remarks.map(({ name, remark }) => `- ${escaped(name)}: ${escaped(remark)}`)])
  ].join("\n")
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const pointText = ({
  share,
  standardError
}: {
  readonly share: number
  readonly standardError: number | null
}) => {
  const value = (100 * share).toFixed(1)
  return standardError === null ? value : `${value} ± ${(100 * standardError).toFixed(1)}`
}
