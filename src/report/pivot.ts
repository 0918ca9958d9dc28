/**
 * Tables with a row for each epsilon, turned so that epsilon runs across: that is how accuracies are read and compared.
 */
import type { Table } from "../artifact/kinds/table.ts"

type Cell = Table["rows"][number][number]

export interface Pivot {
  /** Values of epsilon, from small to large. */
  readonly epsilons: ReadonlyArray<number>
  readonly groups: ReadonlyArray<PivotGroup>
}

/** Rows about one thing, such as a model under an attack. */
export interface PivotGroup {
  readonly name: string
  readonly series: ReadonlyArray<{
    readonly name: string
    /** By epsilon; `undefined` where there is none. */
    readonly points: ReadonlyArray<
      { readonly share: number; readonly standardError: number | null } | undefined
    >
  }>
  /** What else is said about it, such as a source. */
  readonly remark: string
}

/** What a standard error's column is called, given its quantity's. */
const isErrorOf = (name: string, quantity: string): boolean =>
  name === `${quantity} s.e.` || (quantity === "accuracy" && name === "standard error")

/**
 * Turns a table that has columns of text, then `epsilon`, then shares. `undefined` for other tables.
 *
 * Shares are shown up to the first other number (`images`), because what follows describes the first one further; differences
 * are left to the reader.
 */
export const pivotOf = ({ columns, rows }: Table): Pivot | undefined => {
  const across = columns.findIndex(({ name }) => name === "epsilon")
  if (across < 1 || columns.slice(0, across).some(({ type }) => type !== "text")) return undefined
  const end = columns.findIndex(
    ({ type, unit }, index) => index > across && type === "number" && unit !== "share"
  )
  const shares = columns
    .slice(0, end === -1 ? columns.length : end)
    .map((column, index) => ({ ...column, index }))
    .filter(({ unit, name }) => unit === "share" && !name.includes(" − "))
  const isError = (name: string) => shares.some((share) => isErrorOf(name, share.name))
  const series = shares
    .filter(({ name }) => !isError(name))
    .map(({ name, index }) => ({
      name,
      index,
      error: shares.find((each) => isErrorOf(each.name, name))?.index
    }))
  if (series.length === 0) return undefined
  const remarks = columns.flatMap(({ type }, index) => (index > across && type === "text" ? [index] : []))

  const epsilons = [...new Set(rows.map((row) => Number(row[across])))].sort((a, b) => a - b)
  const byName = Map.groupBy(rows, (row) => nameOf(row.slice(0, across)))
  const groups = Array.from(byName, ([name, own]) => ({
    name,
    series: series
      .map(({ name: quantity, index, error }) => ({
        name: quantity,
        points: epsilons.map((epsilon) => {
          const row = own.find((each) => Number(each[across]) === epsilon)
          const share = row?.[index]
          if (typeof share !== "number") return undefined
          const standardError = error === undefined ? null : row?.[error]
          return { share, standardError: typeof standardError === "number" ? standardError : null }
        })
      }))
      .filter(({ points }) => points.some((point) => point !== undefined)),
    remark: [...new Set(own.flatMap((row) => remarks.map((index) => String(row[index] ?? ""))))].join("; ")
  }))
  return { epsilons, groups }
}

const nameOf = (cells: ReadonlyArray<Cell>): string => {
  const [first = "", ...others] = cells.map(String)
  return others.length === 0 ? first : `${first} (${others.join(", ")})`
}
