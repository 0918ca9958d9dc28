/** Data files that are broken or made to do harm: IDX, gzip, CIFAR-10's binary records, tar. */
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { cifarRoom, readCifarBatch, recordBytes } from "../../src/data/cifar10-binary.ts"
import { gunzipBounded } from "../../src/data/gunzip.ts"
import { parseIdx, readIdx } from "../../src/data/idx.ts"
import { tarMembers } from "../../src/data/tar.ts"
import { tarOf } from "../data/tar-of.ts"
import { fuzz, timeout } from "./fuzz.ts"
import { mutated } from "./mutations.ts"

const idx = (lengths: ReadonlyArray<number>): Uint8Array => {
  const size = lengths.reduce((a, b) => a * b, 1)
  const bytes = Buffer.alloc(4 + 4 * lengths.length + size, 7)
  bytes.set([0, 0, 8, lengths.length])
  for (const [dimension, length] of lengths.entries()) bytes.writeUInt32BE(length, 4 + 4 * dimension)
  return bytes
}

describe("hostile data files", () => {
  it(
    "IDX: what is taken has the bytes that its shape says, and nothing is copied",
    async () => {
      const shapes = [[3, 4, 5], [6], [0, 28, 28]] as const
      const { taken, refused } = await fuzz({
        inputs: fc.tuple(mutated(shapes.map(idx)), fc.constantFrom(1, 3)),
        read: ([bytes, rank]) =>
          Effect.map(parseIdx(bytes, { file: "f", rank }), ({ shape, data }) => {
            assert.lengthOf(
              data,
              shape.reduce((a, b) => a * b, 1)
            )
            assert.strictEqual(data.buffer, bytes.buffer)
          }),
        bound: () => 64
      })
      assert.isAbove(taken, 0)
      assert.includeMembers(Object.keys(refused), ["IdxWrongMagic", "IdxTruncated", "IdxWrongCount"])
    },
    timeout
  )

  it(
    "gzip: no more comes out than was expected",
    async () => {
      const bomb = gzipSync(Buffer.alloc(1 << 20))
      const whole = gzipSync(idx([3, 4, 5]))
      const { taken, refused } = await fuzz({
        inputs: mutated([whole, whole, bomb, gzipSync(Buffer.from("text"))]),
        read: (bytes) =>
          Effect.gen(function* () {
            const plain = yield* gunzipBounded(bytes, { file: "f", maxBytes: 500 })
            assert.isAtMost(plain.length, 500)
            return yield* readIdx(bytes, { file: "f", shape: [3, 4, 5] })
          }),
        // zlib takes pieces of 32 KiB.
        bound: () => 131_072
      })
      assert.isAbove(taken, 0)
      assert.includeMembers(Object.keys(refused), ["GzipBroken", "GzipTooLarge"])
    },
    timeout
  )

  it(
    "CIFAR-10's binary records: all of them, or none",
    async () => {
      const batch = (records: number) =>
        Uint8Array.from({ length: records * recordBytes }, (_, at) => (at % recordBytes === 0 ? 3 : at % 256))
      const { taken, refused } = await fuzz({
        inputs: mutated([batch(2), batch(2), batch(1), batch(3)]),
        read: (bytes) =>
          Effect.gen(function* () {
            const room = cifarRoom(2)
            yield* readCifarBatch(bytes, { file: "f", records: 2 }, room, 0, 2)
            assert.isTrue(room.labels.every((label) => label >= 0 && label < 10))
          }),
        bound: () => 2 * (recordBytes - 1 + 4)
      })
      assert.isAbove(taken, 0)
      assert.includeMembers(Object.keys(refused), ["CifarWrongSize", "CifarWrongLabel"])
    },
    timeout
  )

  it(
    "tar: members are parts of the archive, whatever they are called",
    async () => {
      const archive = tarOf({
        "a/b": "content",
        "../../etc/passwd": "x",
        __proto__: "y",
        big: new Uint8Array(2000)
      })
      const other = tarOf({ "a/b": "other", big: "small" })
      const { taken, refused } = await fuzz({
        inputs: mutated([archive, other]),
        read: (bytes) =>
          Effect.map(tarMembers("t", bytes, ["a/b", "big"]), (contents) => {
            for (const content of contents) assert.strictEqual(content.buffer, bytes.buffer)
          }),
        bound: () => 0
      })
      assert.isAbove(taken, 0)
      assert.isAbove(refused["BadArchive"] ?? 0, 0)
    },
    timeout
  )
})
