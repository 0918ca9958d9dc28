/** Nodes in a row of which there is little to say: told one by one while they are few, together once they are many. */
import { duration, plural } from "../view/format.ts"
import type { Lines } from "./lines.ts"

/** More than this many are told in one line. */
const few = 20

export class Group {
  readonly word: string
  readonly #lines: Lines
  /** Those told one by one before; all lines of a word together stay few. */
  #told = 0
  #held: Array<string> = []
  #count = 0
  #savedSeconds = 0

  constructor(word: string, lines: Lines) {
    this.word = word
    this.#lines = lines
  }

  /** @param line what to say of it alone */
  add(line: string, savedSeconds = 0): void {
    this.#count++
    this.#savedSeconds += savedSeconds
    if (this.#count <= few) this.#held.push(line)
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** All of this word so far are few, with those told before. */
  get isFew(): boolean {
    return this.#told + this.#count <= few
  }

  /** The line that stands for all of them. */
  get together(): string {
    const nodes = plural(this.#count, this.#told === 0 ? "node" : "more node")
    const saved = this.#savedSeconds > 0 ? `, ${duration(this.#savedSeconds)} saved` : ""
    return `${this.#lines.word(this.word)}${nodes}${saved}`
  }

  /** The lines to tell, after which the group is empty. */
  take(): ReadonlyArray<string> {
    if (this.isEmpty) return []
    // One or two are as short by name, however many there were before.
    const named = this.isFew || this.#count <= 2
    const lines = named ? this.#held : [this.together]
    if (named) this.#told += this.#count
    this.#held = []
    this.#count = 0
    this.#savedSeconds = 0
    return lines
  }
}
