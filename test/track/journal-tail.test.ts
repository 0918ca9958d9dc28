/** Journals read piece by piece. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { decodeEvent } from "../../src/track/journal-line.ts"
import { readPiece } from "../../src/track/journal-tail.ts"
import { realDisk } from "../rig/faulty-disk.ts"
import { scratchDirectory } from "../rig/scratch-store.ts"

const pieces = (text: string, most: number) =>
  Effect.map(scratchDirectory, (directory) => {
    const path = join(directory, "journal.jsonl")
    writeFileSync(path, text)
    const lines: Array<string> = []
    const starts: Array<number> = []
    for (let from = 0; ; ) {
      const piece = readPiece(realDisk, path, from, most)
      if (piece.next === from) return { lines, starts, end: from }
      starts.push(from)
      lines.push(...piece.lines)
      from = piece.next
    }
  }).pipe(Effect.scoped)

describe("a journal in pieces", () => {
  it.effect("gives every whole line once, in order, whatever the size of the pieces", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.string({ unit: "grapheme", maxLength: 30 }).map((line) => line.replaceAll("\n", " "))),
          fc.constantFrom("", "torn", "né"),
          fc.integer({ min: 1, max: 80 }),
          (lines, torn, most) =>
            Effect.runPromise(
              Effect.map(pieces(lines.map((line) => `${line}\n`).join("") + torn, most), (found) => {
                assert.deepStrictEqual(
                  found.lines,
                  lines.map((line) => line.toWellFormed())
                )
                assert.strictEqual(found.end, Buffer.byteLength(lines.map((line) => `${line}\n`).join("")))
              })
            )
        )
      )
    )
  )

  it.effect("leaves a line without its end for the next look", () =>
    Effect.gen(function* () {
      const { lines, end } = yield* pieces('{"a":1}\n{"b"', 1000)
      assert.deepStrictEqual({ lines, end }, { lines: ['{"a":1}'], end: 8 })
    })
  )

  it("passes over what is no event", () => {
    assert.isTrue(Option.isNone(decodeEvent('{"_tag":"Metric","at":1,"no')))
    assert.isTrue(Option.isNone(decodeEvent('{"_tag":"FromTheFuture","at":1}')))
    const point = decodeEvent('{"_tag":"Metric","at":1,"node":"n","name":"loss","value":"NaN"}')
    assert.isTrue(Option.isSome(point) && point.value._tag === "Metric" && Number.isNaN(point.value.value))
  })
})
