import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { parseIdx, readIdx } from "../../src/data/idx.ts"

/** An IDX file whose header may say anything. */
const idx = (lengths: ReadonlyArray<number>, data: Uint8Array, magic = [0, 0, 8, lengths.length]) => {
  const header = Buffer.alloc(4 + 4 * lengths.length)
  header.set(magic)
  for (const [dimension, length] of lengths.entries()) header.writeUInt32BE(length, 4 + 4 * dimension)
  return new Uint8Array(Buffer.concat([header, data]))
}

const bytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => i % 251)

const images = { file: "images", shape: [3, 2, 2] }

/** What a reader of the error sees, message and cure. */
const complaint = (content: Uint8Array, expected = images) =>
  readIdx(content, expected).pipe(
    Effect.flip,
    Effect.map((error) => `${error._tag}: ${error.message} (hint: ${error.hint})`)
  )

const published = "get the file again from where it is published"

describe("a sound IDX file", () => {
  it.effect("is read without a copy, gzipped or not", () =>
    Effect.gen(function* () {
      const content = idx([3, 2, 2], bytes(12))
      const plain = yield* readIdx(content, images)
      assert.deepStrictEqual(plain, { shape: [3, 2, 2], data: bytes(12) })
      assert.strictEqual(plain.data.buffer, content.buffer)
      const zipped = yield* readIdx(gzipSync(content), images)
      assert.deepStrictEqual([...zipped.data], [...bytes(12)])
    })
  )

  it.effect("may begin anywhere in a larger buffer", () =>
    Effect.gen(function* () {
      const content = idx([5], bytes(5))
      const buffer = new Uint8Array(content.length + 3)
      buffer.set(content, 3)
      const read = yield* parseIdx(buffer.subarray(3), { file: "labels", rank: 1 })
      assert.deepStrictEqual(read.shape, [5])
    })
  )

  it.effect("may be empty", () =>
    Effect.gen(function* () {
      const read = yield* parseIdx(idx([0, 28, 28], bytes(0)), { file: "none", rank: 3 })
      assert.deepStrictEqual(read.shape, [0, 28, 28])
    })
  )
})

describe("a hostile IDX file is refused", () => {
  const cases: ReadonlyArray<readonly [name: string, content: Uint8Array, complaint: string]> = [
    [
      "an HTML page",
      Buffer.from("<!DOCTYPE html>"),
      `IdxWrongMagic: images: begins with 3c 21 44 4f, an IDX file of unsigned bytes in 3 dimensions with 00 00 08 03 (hint: ${published})`
    ],
    [
      "labels in place of images",
      idx([12], bytes(12)),
      "IdxWrongMagic: images: begins with 00 00 08 01, an IDX file of unsigned bytes in 3 dimensions with 00 00 08 03 (hint: it has 1 dimensions: were images and labels mixed up?)"
    ],
    [
      "floats",
      idx([3, 2, 2], bytes(48), [0, 0, 0x0d, 3]),
      "IdxWrongMagic: images: begins with 00 00 0d 03, an IDX file of unsigned bytes in 3 dimensions with 00 00 08 03 (hint: its elements are of type 0x0d; only bytes, 0x08, are read)"
    ],
    [
      "nothing at all",
      bytes(0),
      `IdxTruncated: images: ends after 0 bytes, within its header of 16; 16 were expected (hint: it was cut short on its way: ${published})`
    ],
    [
      "half a header",
      idx([3, 2, 2], bytes(0)).subarray(0, 9),
      `IdxTruncated: images: ends after 9 bytes, within its header of 16; 16 were expected (hint: it was cut short on its way: ${published})`
    ],
    [
      "half an image",
      idx([3, 2, 2], bytes(10)),
      `IdxTruncated: images: ends after 26 bytes, within item 2 of shape [2, 2]; 28 were expected (hint: it was cut short on its way: ${published})`
    ],
    [
      "a count of more images than there are",
      idx([4_294_967_295, 2, 2], bytes(12)),
      `IdxWrongCount: images: its header [4294967295, 2, 2] counts 4294967295 items, but 3 follow it (hint: one of the two is wrong and neither is to be trusted: ${published})`
    ],
    [
      "a count of fewer images than there are",
      idx([1, 2, 2], bytes(12)),
      `IdxWrongCount: images: its header [1, 2, 2] counts 1 items, but 3 follow it (hint: one of the two is wrong and neither is to be trusted: ${published})`
    ],
    [
      "lengths whose product is beyond every memory",
      idx([4_294_967_295, 4_294_967_295, 4_294_967_295], bytes(12)),
      `IdxTruncated: images: ends after 28 bytes, within item 0 of shape [4294967295, 4294967295]; 7.9228162458924105e+28 were expected (hint: it was cut short on its way: ${published})`
    ],
    [
      "images of no size, and bytes",
      idx([3, 0, 0], bytes(12)),
      `IdxTrailingBytes: images: its header [3, 0, 0] makes it 16 bytes long, but it has 28 (hint: something was appended to it: ${published})`
    ],
    [
      "trailing bytes",
      idx([3, 2, 2], bytes(13)),
      `IdxTrailingBytes: images: its header [3, 2, 2] makes it 28 bytes long, but it has 29 (hint: something was appended to it: ${published})`
    ],
    [
      "another shape",
      idx([3, 4, 1], bytes(12)),
      "IdxWrongShape: images: has shape [3, 4, 1], not [3, 2, 2] (hint: it is another file of the same format: check its name)"
    ]
  ]
  it.effect.each(cases)("%s", ([, content, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* complaint(content), expected)
    })
  )

  it.effect("a gzip bomb, before it has filled the memory", () =>
    Effect.gen(function* () {
      const bomb = gzipSync(new Uint8Array(64 << 20))
      assert.strictEqual(
        yield* complaint(bomb),
        `GzipTooLarge: images: its ${bomb.length} bytes decompress to more than the 28 expected; stopped there (hint: the file is not what its name says: get it again from where it is published)`
      )
    })
  )

  it.effect("a gzip file cut short", () =>
    Effect.gen(function* () {
      const cut = gzipSync(idx([3, 2, 2], bytes(12))).subarray(0, 20)
      assert.strictEqual(
        yield* complaint(cut),
        "GzipBroken: images: its 20 bytes are not a whole gzip file: unexpected end of file (hint: the file was cut short or damaged on its way: get it again)"
      )
    })
  )

  it.effect("a gzip file with a flipped bit", () =>
    Effect.gen(function* () {
      const content = gzipSync(idx([3, 2, 2], bytes(12)))
      const last = content.length - 6
      content[last] = (content[last] ?? 0) ^ 1
      assert.strictEqual(
        yield* complaint(content),
        `GzipBroken: images: its ${content.length} bytes are not a whole gzip file: incorrect data check (hint: the file was cut short or damaged on its way: get it again)`
      )
    })
  )
})

const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))
const Cut = Schema.Int.check(Schema.isBetween({ minimum: -20, maximum: 20 }))

describe("any IDX file", () => {
  it.effect.prop("reads back as it was written", [Length, Length, Length], ([n, h, w]) =>
    Effect.gen(function* () {
      const data = bytes(n * h * w)
      const read = yield* readIdx(idx([n, h, w], data), { file: "any", shape: [n, h, w] })
      assert.deepStrictEqual(read, { shape: [n, h, w], data })
    })
  )

  it.effect.prop("with bytes missing or added is refused", [Length, Length, Length, Cut], ([n, h, w, cut]) =>
    Effect.gen(function* () {
      const whole = idx([n, h, w], bytes(n * h * w))
      const length = Math.max(0, whole.length + cut)
      const changed = new Uint8Array(length)
      changed.set(whole.subarray(0, length))
      const result = yield* Effect.result(parseIdx(changed, { file: "any", rank: 3 }))
      assert.strictEqual(result._tag, length === whole.length ? "Success" : "Failure")
    })
  )
})
