import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { tarMembers } from "../../src/data/tar.ts"
import { tarOf } from "./tar-of.ts"

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("latin1")
const complaint = (bytes: Uint8Array, names: ReadonlyArray<string>) =>
  tarMembers("a.tar", bytes, names).pipe(
    Effect.flip,
    Effect.map(({ message }) => message)
  )

describe("a tar archive", () => {
  const archive = tarOf({ "d/one": "1".repeat(513), "d/two": "", "d/three": "333" })

  it.effect("gives its files by name, in the order asked for, without a copy", () =>
    Effect.gen(function* () {
      const [three, one, two] = yield* tarMembers("a.tar", archive, ["d/three", "d/one", "d/two"])
      assert.deepStrictEqual([text(three), text(one), text(two)], ["333", "1".repeat(513), ""])
      assert.strictEqual(one?.buffer, archive.buffer)
    })
  )

  it.effect("is read as tar writes it", () =>
    Effect.gen(function* () {
      const place = mkdtempSync(join(tmpdir(), "tar-"))
      mkdirSync(join(place, "d"))
      writeFileSync(join(place, "d/data.bin"), "x".repeat(2000))
      execFileSync("tar", ["cf", "a.tar", "d"], { cwd: place })
      const [data] = yield* tarMembers("a.tar", readFileSync(join(place, "a.tar")), ["d/data.bin"])
      rmSync(place, { recursive: true })
      assert.strictEqual(text(data), "x".repeat(2000))
    })
  )

  it.effect("that lacks a file, ends within one, or is none is refused", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* complaint(archive, ["d/four"]), "a.tar: has no file `d/four`")
      assert.strictEqual(
        yield* complaint(archive.subarray(0, 600), ["d/one"]),
        "a.tar: `d/one` has 513 bytes, and the archive ends 88 bytes after its header"
      )
      assert.strictEqual(
        yield* complaint(new Uint8Array(512).fill(60), ["d/one"]),
        "a.tar: no tar header at byte 0: it has no size"
      )
      assert.strictEqual(yield* complaint(new Uint8Array(0), ["d/one"]), "a.tar: has no file `d/one`")
    })
  )

  const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: archive.length - 1 }))
  const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
  it.effect.prop(
    "with any byte changed gives files of the archive or an error",
    [Place, Byte],
    ([at, byte]) =>
      Effect.gen(function* () {
        const changed = archive.slice()
        changed[at] = byte
        const result = yield* Effect.result(tarMembers("a.tar", changed, ["d/one", "d/three"]))
        if (result._tag === "Success")
          for (const content of result.success) assert.strictEqual(content.buffer, changed.buffer)
        else assert.strictEqual(result.failure._tag, "BadArchive")
      })
  )
})
