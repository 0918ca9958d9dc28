/**
 * The lower part of a terminal, drawn over and over, below lines that scroll away for good.
 *
 * Each frame is one write between the marks of a synchronised update, so nothing half drawn is seen. Only the live lines
 * are ever touched again.
 */
import { displayWidth } from "../view/text.ts"
import type { Sink } from "./reporter.ts"

const CSI = `${String.fromCharCode(0x1b)}[`
const beginUpdate = `${CSI}?2026h`
const endUpdate = `${CSI}?2026l`
const hideCursor = `${CSI}?25l`
const showCursor = `${CSI}?25h`
const eraseBelow = `${CSI}J`
const eraseToLineEnd = `${CSI}K`
const down = `${CSI}1B`
const up = (rows: number): string => (rows === 0 ? "" : `${CSI}${rows}A`)

/**
 * Erases the live rows from the first one on. A terminal that is told in its upper left corner to erase everything below keeps what it
 * shows in its scroll-back first (tmux does), so that is said one row lower.
 */
const eraseFrom = (rows: number): string =>
  rows === 0 ? "" : `${eraseToLineEnd}${down}${eraseBelow}${up(1)}`

export class Screen {
  readonly #sink: Sink
  #live: ReadonlyArray<string> = []
  #columns = 0
  #hidden = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** A terminal that does not know its size says 0. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#sink.columns() || 80, rows: this.#sink.rows() || 24 }
  }

  /**
   * @param finished lines that stay, of any length
   * @param live lines shorter than the terminal is wide, fewer than it has rows
   */
  draw(finished: ReadonlyArray<string>, live: ReadonlyArray<string>): void {
    const { columns } = this.size
    if (finished.length === 0 && columns === this.#columns && sameLines(live, this.#live)) return
    // A finished line may wrap into the rows of old live lines, so those go first. Otherwise each line is written over
    // the old one, and no terminal can flicker.
    const clearFirst = finished.length > 0 || live.length === 0 || columns !== this.#columns
    const lines = [...finished, ...live].map((line) =>
      clearFirst ? `${line}\n` : `${line}${eraseToLineEnd}\n`
    )
    const rows = this.#rowsOnScreen(columns)
    const start = `\r${up(rows)}${clearFirst ? eraseFrom(rows) : ""}`
    this.#write(`${this.#hidden ? "" : hideCursor}${start}${lines.join("")}${clearFirst ? "" : eraseBelow}`)
    this.#hidden = true
    this.#live = live
    this.#columns = columns
  }

  /** Leaves `finished` as the last lines and gives the cursor back. */
  close(finished: ReadonlyArray<string>): void {
    this.draw(finished, [])
    if (this.#hidden) this.#sink.write(showCursor)
    this.#hidden = false
  }

  #write(text: string): void {
    this.#sink.write(`${beginUpdate}${text}${endUpdate}`)
  }

  /** A window made narrower has folded the lines that were too long for it. */
  #rowsOnScreen(columns: number): number {
    return this.#live.reduce((rows, line) => rows + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
  }
}

const sameLines = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((line, index) => line === b[index])
