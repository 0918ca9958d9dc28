/** Checks what runs left in a store: their journals, their plans, and how far they were sent to a server. */
import { basename } from "node:path"
import { Effect, Option } from "effect"
import { digestOf } from "../artifact/digest.ts"
import { Disk, type DiskShape, isSystemError } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { isSealed } from "../artifact/sealed-file.ts"
import { onDisk } from "../artifact/store-fault.ts"
import type { Damage } from "../artifact/verify.ts"
import { decodeEvent, wasChanged } from "./journal-line.ts"
import { decodePlan } from "./plan-file.ts"

/**
 * Looks at every file of every run.
 *
 * A journal is not thrown away for a line that was changed, for nothing computes it again: whoever reads it passes over
 * that line.
 *
 * @param repair removes what is damaged, and blanks a journal's line, so that no other line moves
 */
export const verifyRuns = Effect.fnUntraced(function* (layout: StoreLayout, repair: boolean) {
  const disk = yield* Disk
  const damage: Array<Damage> = []
  for (const id of yield* onDisk("list", layout.runs, () => disk.list(layout.runs))) {
    const directory = `${layout.runs}/${id}`
    const found = yield* onDisk("verify", directory, () => problemsIn(disk, layout, directory))
    for (const { path, problem, cure } of found) {
      // Somebody's collection may have taken it meanwhile.
      if (!(yield* onDisk("list", directory, () => disk.list(directory))).includes(basename(path))) continue
      if (repair) yield* onDisk("repair", path, () => cures[cure](disk, path))
      damage.push({ path, problem, ...(repair ? { repaired: cure } : {}) })
    }
  }
  return damage
})

interface Problem {
  readonly path: string
  readonly problem: string
  readonly cure: keyof typeof cures
}

const cures = {
  removed: (disk: DiskShape, path: string) => disk.removeTree(path),
  blanked: (disk: DiskShape, path: string) => disk.overwrite(path, withBlanks(disk.readFile(path))),
  kept: () => {}
}

const problemsIn = (disk: DiskShape, layout: StoreLayout, directory: string): ReadonlyArray<Problem> => {
  // The journal first, which names the plan.
  const names = disk.list(directory).filter((name) => name !== "pinned")
  let named: string | undefined
  return names.flatMap((name): ReadonlyArray<Problem> => {
    const path = `${directory}/${name}`
    const bytes = bytesOf(disk, path)
    if (!(bytes instanceof Uint8Array)) return [{ path, ...bytes }]
    if (name === "journal.jsonl") {
      const lines = linesOf(bytes)
      const started = startIn(lines[0]?.text)
      named = started?.plan
      if (started !== undefined && started.id !== basename(directory))
        return [
          { path, problem: `it is the journal of run ${started.id}: rename the directory`, cure: "kept" }
        ]
      const changed = lines.flatMap(({ text }, index) => (wasChanged(text) ? [index + 1] : []))
      return changed.map((line) => ({ path, problem: `line ${line} was changed`, cure: "blanked" }))
    }
    const text = Buffer.from(bytes).toString("utf8")
    const isWhole = name === "plan.json" ? isPlan(text, named) : isSealed(layout, path, text)
    return isWhole ? [] : [{ path, problem: "its checksum does not hold", cure: "removed" }]
  })
}

const bytesOf = (disk: DiskShape, path: string): Uint8Array | Omit<Problem, "path"> => {
  try {
    if (disk.stamp(path) === undefined) return { problem: "it is no regular file", cure: "removed" }
    return disk.readFile(path)
  } catch (error) {
    // A disk that refuses says nothing about the bytes: they are not thrown away for it.
    if (isSystemError(error)) return { problem: `it cannot be read (${error.code})`, cure: "kept" }
    throw error
  }
}

const startIn = (line = "") => {
  const started = Option.getOrUndefined(decodeEvent(line))
  return started?._tag === "RunStarted" ? started : undefined
}

/** Journals from before plans were named in them vouch for none: then it only has to be a plan. */
const isPlan = (text: string, named: string | undefined): boolean =>
  named === undefined ? decodePlan(text) !== undefined : named === digestOf(text)

const newline = 0x0a

/** Whole lines, and where they stand. What a killed run left of its last line is none. */
const linesOf = (bytes: Uint8Array) => {
  const lines: Array<{ readonly text: string; readonly from: number; readonly to: number }> = []
  for (let from = 0, to = bytes.indexOf(newline); to >= 0; from = to + 1, to = bytes.indexOf(newline, from))
    lines.push({ text: Buffer.from(bytes.subarray(from, to)).toString("utf8"), from, to })
  return lines
}

/** The journal as far as its last changed line, with blanks in their place. The rest may be growing. */
const withBlanks = (bytes: Uint8Array): Uint8Array => {
  const blanked = Uint8Array.from(bytes)
  const changed = linesOf(bytes).filter(({ text }) => wasChanged(text))
  for (const { from, to } of changed) blanked.fill(0x20, from, to)
  return blanked.subarray(0, changed.at(-1)?.to ?? 0)
}
