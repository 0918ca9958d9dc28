/**
 * Tables with a row for each epsilon, turned so that epsilon runs across: that is how accuracies are read and compared.
 */
import type { Table } from "../artifact/kinds/table.ts"
import { count } from "../text/format.ts"

type Cell = Table["rows"][number][number]

export interface Pivot {
  /** Values of epsilon, from small to large. */
  readonly epsilons: ReadonlyArray<number>
  readonly groups: ReadonlyArray<PivotGroup>
}

/** Rows about one thing, such as a model under an attack. */
export interface PivotGroup {
  /** With the number of images where there is one series: `baseline (FGSM), n = 10,000`. */
  readonly name: string
  readonly series: ReadonlyArray<{
    /** With the number of images where there are several series. */
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
export const isErrorOf = (name: string, quantity: string): boolean =>
  name === `${quantity} s.e.` || (quantity === "accuracy" && name === "standard error")

/**
 * Turns a table that has columns of text, then `epsilon`, then shares. `undefined` for other tables.
 *
 * Shares are shown up to the first other number (`images`), because what follows describes the first one further; differences
 * from what was published are left to the reader. How many images a share is of is looked for in the column `<share> images`, of
 * `accuracy` in `images`, and how many sets or seeds they were in `<share> sets`, or `sets`.
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
  const place = (wanted: string) => columns.findIndex(({ name }) => name === wanted)
  const groups = Array.from(byName, ([name, own]) => {
    const all = series.flatMap(({ name: quantity, index, error }) => {
      const points = epsilons.map((epsilon) => {
        const row = own.find((each) => Number(each[across]) === epsilon)
        const share = row?.[index]
        if (typeof share !== "number") return undefined
        const standardError = error === undefined ? null : row?.[error]
        return { share, standardError: typeof standardError === "number" ? standardError : null }
      })
      if (points.every((point) => point === undefined)) return []
      const prefix = quantity === "accuracy" ? "" : `${quantity} `
      const size = sizesIn(own, place(`${prefix}images`), place(`${prefix}sets`))
      return [{ name: quantity, points, size }]
    })
    // With one quantity there is no column for its name.
    const isOnly = series.length === 1
    return {
      name: isOnly && all[0]?.size ? `${name}, ${all[0].size}` : name,
      series: all.map(({ name: quantity, points, size }) => ({
        name: isOnly || size === "" ? quantity : `${quantity}, ${size}`,
        points
      })),
      remark: [...new Set(own.flatMap((row) => remarks.map((index) => String(row[index] ?? ""))))].join("; ")
    }
  })
  return { epsilons, groups }
}

/** `n = 10,000`, of five samples or seeds `n = 5 × 100`; empty where no column says it. */
const sizesIn = (rows: Table["rows"], images: number, sets: number): string => {
  const sizes = rows.flatMap((row) => {
    const [all, several] = [row[images], row[sets]]
    if (typeof all !== "number") return []
    return [typeof several === "number" && several > 1 ? `${several} × ${count(all / several)}` : count(all)]
  })
  return sizes.length === 0 ? "" : `n = ${[...new Set(sizes)].join(" or ")}`
}

const nameOf = (cells: ReadonlyArray<Cell>): string => {
  const [first = "", ...others] = cells.map(String)
  return others.length === 0 ? first : `${first} (${others.join(", ")})`
}
