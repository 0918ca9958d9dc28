/**
 * A terminal for tests: it understands the escapes that the reporter may use, and refuses all others.
 *
 * Lines wrap at the right edge, scroll into a scroll-back, and are folded anew when the window changes its width, as
 * the common terminals do.
 */
import { displayWidth } from "../../../src/cli/view/text.ts"

const ESC = String.fromCharCode(0x1b)
const control = new RegExp(`^${ESC}\\[(\\??)([0-9;]*)([A-Za-z])`)
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })

interface Row {
  cells: Array<string>
  /** The line goes on in the next row. */
  wrapped: boolean
}

export class Terminal {
  readonly isTerminal = true
  readonly scrollback: Array<Row> = []
  /** Every write, as it came. */
  readonly writes: Array<string> = []
  cursorVisible = true
  /** The screen as it stood after each write. */
  readonly frames: Array<ReadonlyArray<string>> = []
  #columns: number
  #rows: number
  #screen: Array<Row> = [blank()]
  #x = 0
  #y = 0
  #updating = false

  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.#rows = rows
  }

  columns = (): number => this.#columns
  rows = (): number => this.#rows

  write = (text: string): void => {
    this.writes.push(text)
    this.#interpret(text)
    if (this.#updating) throw new Error("a write left a synchronised update open")
    this.frames.push(this.screen)
  }

  /** The visible rows, without the empty ones at the end. */
  get screen(): ReadonlyArray<string> {
    return trimmed(this.#screen.map(textOf))
  }

  /** Everything from the first line on, folded lines made whole again. */
  get everything(): ReadonlyArray<string> {
    return trimmed(
      wholeLines([...this.scrollback, ...this.#screen]).map(({ cells }) => cells.join("").trimEnd())
    )
  }

  resize(columns: number, rows: number): void {
    const all = [...this.scrollback, ...this.#screen]
    const cursorRow = this.scrollback.length + this.#y
    const folded: Array<Row> = []
    let cursor = 0
    let row = 0
    for (const line of wholeLines(all)) {
      if (cursorRow >= row && cursorRow < row + line.rows) cursor = folded.length
      row += line.rows
      folded.push(...fold(line.cells, columns))
    }
    // What is below the cursor is empty: the reporter never leaves it in the middle.
    const used = folded.slice(0, Math.max(cursor + 1, 1))
    const top = Math.max(0, used.length - rows)
    this.scrollback.splice(0, this.scrollback.length, ...used.slice(0, top))
    this.#screen = used.slice(top)
    this.#y = cursor - top
    this.#x = 0
    this.#columns = columns
    this.#rows = rows
  }

  #interpret(text: string): void {
    let rest = text
    while (rest !== "") {
      const sequence = control.exec(rest)
      if (sequence !== null) {
        this.#control(sequence)
        rest = rest.slice(sequence[0].length)
        continue
      }
      const next = rest.indexOf(ESC, 1)
      const run = next < 0 ? rest : rest.slice(0, next)
      if (run.startsWith(ESC)) throw new Error(`unknown escape: ${JSON.stringify(run.slice(0, 10))}`)
      for (const { segment } of segmenter.segment(run)) this.#put(segment)
      rest = rest.slice(run.length)
    }
  }

  #control([whole, mark = "", digits = "", letter = ""]: RegExpExecArray): void {
    const name = `${mark}${mark === "" ? "" : digits}${letter}`
    if (name === "?25l") this.cursorVisible = false
    else if (name === "?25h") this.cursorVisible = true
    else if (name === "?2026h") this.#updating = true
    else if (name === "?2026l") this.#updating = false
    else if (name === "A") this.#y = Math.max(0, this.#y - Number(digits === "" ? 1 : digits))
    else if (name === "B") this.#down(Number(digits === "" ? 1 : digits))
    else if (name === "K" && digits === "") this.#row.cells.length = Math.min(this.#row.cells.length, this.#x)
    else if (name === "J" && digits === "") this.#eraseBelow()
    else if (name !== "m") throw new Error(`unknown escape: ${JSON.stringify(whole)}`)
  }

  #down(rows: number): void {
    this.#y = Math.min(this.#rows - 1, this.#y + rows)
    while (this.#screen.length <= this.#y) this.#screen.push(blank())
  }

  #eraseBelow(): void {
    // As tmux does: whoever erases everything may have wanted it in the scroll-back.
    if (this.#x === 0 && this.#y === 0)
      this.scrollback.push(...this.#screen.map(({ cells }) => ({ cells: [...cells], wrapped: false })))
    this.#row.cells.length = Math.min(this.#row.cells.length, this.#x)
    this.#row.wrapped = false
    this.#screen.length = this.#y + 1
  }

  #put(character: string): void {
    if (character === "\r") this.#x = 0
    else if (character === "\n" || character === "\r\n") {
      this.#row.wrapped = false
      this.#newRow()
    } else {
      const width = displayWidth(character)
      if (width === 0) throw new Error(`not a visible character: ${JSON.stringify(character)}`)
      if (this.#x + width > this.#columns) {
        this.#row.wrapped = true
        this.#newRow()
      }
      const { cells } = this.#row
      while (cells.length < this.#x) cells.push(" ")
      // The second half of a wide character is an empty cell.
      cells.splice(this.#x, width, character, ...Array.from({ length: width - 1 }, () => ""))
      this.#x += width
    }
  }

  #newRow(): void {
    this.#x = 0
    this.#y++
    if (this.#y >= this.#rows) {
      this.scrollback.push(...this.#screen.splice(0, 1))
      this.#y--
    }
    if (this.#screen[this.#y] === undefined) this.#screen[this.#y] = blank()
  }

  get #row(): Row {
    const row = this.#screen[this.#y] ?? blank()
    this.#screen[this.#y] = row
    return row
  }
}

const blank = (): Row => ({ cells: [], wrapped: false })
const textOf = ({ cells }: Row): string => cells.join("").trimEnd()

const trimmed = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.slice(0, lines.findLastIndex((line) => line !== "") + 1)

const wholeLines = (rows: ReadonlyArray<Row>): Array<{ cells: Array<string>; rows: number }> => {
  const lines: Array<{ cells: Array<string>; rows: number }> = []
  let open: { cells: Array<string>; rows: number } | undefined
  for (const { cells, wrapped } of rows) {
    if (open === undefined) {
      open = { cells: [...cells], rows: 1 }
      lines.push(open)
    } else {
      open.cells.push(...cells)
      open.rows++
    }
    if (!wrapped) open = undefined
  }
  return lines
}

const fold = (cells: ReadonlyArray<string>, columns: number): Array<Row> => {
  const rows: Array<Row> = []
  for (let from = 0; from === 0 || from < cells.length; from += columns) {
    rows.push({ cells: cells.slice(from, from + columns), wrapped: from + columns < cells.length })
  }
  return rows
}

/** A clock and a timer that stand still until they are told to go on. */
export class ManualTiming {
  #now = 0
  #waiting: Array<{ readonly due: number; readonly action: () => void }> = []

  now = (): number => this.#now

  after = (millis: number, action: () => void): (() => void) => {
    const entry = { due: this.#now + millis, action }
    this.#waiting.push(entry)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry)
    }
  }

  /** Actions that still wait. */
  get pending(): number {
    return this.#waiting.length
  }

  advance(millis: number): void {
    const end = this.#now + millis
    for (;;) {
      const next = this.#waiting.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#waiting = this.#waiting.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.due)
      next.action()
    }
    this.#now = end
  }
}
