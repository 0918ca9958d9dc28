/** Tables as Markdown. */
import type { Table } from "../../../artifact/kinds/table.ts"
import { isErrorOf, type Pivot, pivotOf } from "../../../report/pivot.ts"
import { epsilonText } from "../../../tensor/evaluation/epsilons.ts"
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

/** A column `… s.e.` goes into the cells of the one that it is of. */
const plain = ({ columns, rows }: Table): string => {
  const errors = columns.map(({ name }) => columns.findIndex((other) => isErrorOf(other.name, name)))
  const shown = columns.flatMap((column, index) => (errors.includes(index) ? [] : [{ column, index }]))
  return lines(
    shown.map(({ column: { name, unit } }) =>
      escaped(unit === undefined || unit === "share" || unit === name ? name : `${name}, ${unit}`)
    ),
    shown.map(({ column: { type } }) => type === "number"),
    rows.map((row) =>
      shown.map(({ column, index }) => {
        const [cell = null, error] = [row[index], row[errors[index] ?? -1]]
        return typeof cell === "number" && typeof error === "number"
          ? `${pointText({ share: cell, standardError: error })} %`
          : cellText(cell, column)
      })
    )
  )
}

const cellText = (cell: Table["rows"][number][number], { name, unit }: Table["columns"][number]): string => {
  if (cell === null) return "–"
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  if (typeof cell === "string") return escaped(cell)
  if (unit === "share") return isDifference(name) ? `${(100 * cell).toFixed(1)} points` : percent(cell)
  if (isEpsilon(name)) return epsilonText(cell)
  return Number.isInteger(cell) ? count(cell) : String(Number(cell.toPrecision(4)))
}

/** Differences of shares are told in points of a percent. */
const isDifference = (name: string): boolean => /difference| − /.test(name)

const isEpsilon = (name: string): boolean => /(^|\s)(epsilon|ε)($|\s)/.test(name)

const across = ({ epsilons, groups }: Pivot): string => {
  const several = groups.some(({ series }) => series.length > 1)
  const rows = groups.flatMap(({ name, series }) =>
    series.map((each, index) => [
      index === 0 ? escaped(name) : "",
      ...(several ? [escaped(each.name)] : []),
      ...each.points.map((point) => (point === undefined ? "" : pointText(point)))
    ])
  )
  const heads = ["accuracy at epsilon", ...(several ? [""] : []), ...epsilons.map(epsilonText)]
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
