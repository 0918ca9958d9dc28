/**
 * Reads a journal piece by piece, while it is being written or afterwards, in bounded memory.
 *
 * Positions are bytes, and always the beginning of a line. A last line without its end is not read: it is being written, or
 * the run was killed in the middle of it.
 */
import type { DiskShape } from "../artifact/disk.ts"

export { decodeEvent } from "./journal-line.ts"

/** A line that is longer was not written by us. */
const longestLine = 1 << 24

const newline = 0x0a

export interface Piece {
  /** Whole lines, without their ends. */
  readonly lines: ReadonlyArray<string>
  /** Where the next piece begins. */
  readonly next: number
}

/**
 * The whole lines that begin at `from`, about `most` bytes of them; none at the journal's end.
 *
 * Throws the system's error where the disk refuses.
 */
export const readPiece = (disk: DiskShape, path: string, from: number, most: number): Piece => {
  const file = disk.openRead(path)
  try {
    for (let room = most; ; room *= 4) {
      const buffer = Buffer.allocUnsafe(room)
      const count = file.read(buffer, from)
      const end = buffer.subarray(0, count).lastIndexOf(newline) + 1
      if (end > 0) {
        const lines = buffer.toString("utf8", 0, end - 1).split("\n")
        return { lines, next: from + end }
      }
      if (count < room) return { lines: [], next: from }
      // What is left of such a line is no event either, and passed over like any torn one.
      if (room >= longestLine) return { lines: [], next: from + count }
    }
  } finally {
    file.close()
  }
}

/** Lines of curves, logs and samples, by how they begin: a long training has a million of them. */
export const isChatter = (line: string): boolean => /^\{"_tag":"(Metric|Log|SystemSample)"/.test(line)

export const isMetric = (line: string): boolean => line.startsWith('{"_tag":"Metric"')
