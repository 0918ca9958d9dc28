/** Tables of text that line up. */
import { displayWidth, padEnd, padStart, truncate } from "./text.ts"

export interface Column {
  readonly head: string
  /** Numbers go right, so that their digits line up. Default left. */
  readonly align?: "left" | "right"
  /** It may lose its end when the table is too wide, down to this many columns. Default: it is never cut. */
  readonly shrinkTo?: number
}

export interface TableOptions {
  /** Columns of the terminal. Default: as wide as it needs, for a pipe. */
  readonly width?: number | undefined
  /** Default two spaces. */
  readonly gap?: string
  readonly indent?: string
  /** How a head is shown, such as dimmed. */
  readonly head?: (text: string) => string
}

/**
 * The lines of a table. Cells may be coloured; they must be harmless already.
 *
 * Columns without a single filled cell are left out.
 */
export const table = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  options: TableOptions = {}
): Array<string> => {
  const { width, gap = "  ", indent = "", head = (text: string) => text } = options
  const used = columns
    .map((_, index) => index)
    .filter((index) => rows.some((row) => (row[index] ?? "") !== ""))
  const shown = used.map((index) => columns[index] ?? { head: "" })
  const cells = rows.map((row) => used.map((index) => row[index] ?? ""))
  const heads = shown.map((column) => column.head)
  const natural = widths([heads, ...cells])
  const room =
    width === undefined ? Number.POSITIVE_INFINITY : width - indent.length - gap.length * (shown.length - 1)
  const fitted = narrowed(natural, shown, room)
  const line = (row: ReadonlyArray<string>) =>
    (
      indent + row.map((cell, index) => place(cell, fitted[index] ?? 0, shown[index]?.align)).join(gap)
    ).trimEnd()
  const body = cells.map(line)
  if (shown.length === 0 || heads.every((text) => text === "")) return body
  // Styled after it was cut, cell by cell, so that no escape is cut.
  return [line(heads.map((text, index) => head(truncate(text, fitted[index] ?? 0)))), ...body]
}

const place = (cell: string, width: number, align: Column["align"]): string =>
  (align === "right" ? padStart : padEnd)(truncate(cell, width), width)

/** The widest cell of each column. */
const widths = (rows: ReadonlyArray<ReadonlyArray<string>>): Array<number> => {
  const widest: Array<number> = []
  for (const row of rows)
    row.forEach((cell, index) => {
      widest[index] = Math.max(widest[index] ?? 0, displayWidth(cell))
    })
  return widest
}

/** Takes from the widest column that may shrink, until the rest fits or nothing is left to take. */
const narrowed = (
  natural: ReadonlyArray<number>,
  columns: ReadonlyArray<Column>,
  room: number
): Array<number> => {
  const fitted = [...natural]
  let over = fitted.reduce((sum, width) => sum + width, 0) - room
  while (over > 0) {
    const widest = widestShrinkable(fitted, columns)
    if (widest === undefined) return fitted
    fitted[widest] = (fitted[widest] ?? 0) - 1
    over--
  }
  return fitted
}

const widestShrinkable = (
  fitted: ReadonlyArray<number>,
  columns: ReadonlyArray<Column>
): number | undefined => {
  let widest: number | undefined
  columns.forEach(({ shrinkTo }, index) => {
    const width = fitted[index] ?? 0
    if (shrinkTo === undefined || width <= shrinkTo) return
    if (widest === undefined || width > (fitted[widest] ?? 0)) widest = index
  })
  return widest
}
