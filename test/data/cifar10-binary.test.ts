import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { cifarRoom, readCifarBatch, recordBytes } from "../../src/data/cifar10-binary.ts"

/** A file of records with these labels; plane `c` of record `r` has the bytes `r + 60 c + pixel % 50`. */
const file = (labels: ReadonlyArray<number>) => {
  const bytes = new Uint8Array(labels.length * recordBytes)
  for (const [record, label] of labels.entries()) {
    bytes[record * recordBytes] = label
    for (let at = 0; at < 3072; at++)
      bytes[record * recordBytes + 1 + at] = record + 60 * Math.floor(at / 1024) + ((at % 1024) % 50)
  }
  return bytes
}

const read = (bytes: Uint8Array, records: number) => {
  const into = cifarRoom(records)
  return Effect.as(readCifarBatch(bytes, { file: "b.bin", records }, into, 0, records), into)
}

const complaint = (bytes: Uint8Array, records = 3) =>
  read(bytes, records).pipe(
    Effect.flip,
    Effect.map((error) => `${error._tag}: ${error.message} (hint: ${error.hint})`)
  )

describe("a batch of CIFAR-10", () => {
  it.effect("becomes pixels of three colours each, row by row", () =>
    Effect.gen(function* () {
      const { images, labels } = yield* read(file([7, 0, 9]), 3)
      assert.deepStrictEqual([...labels], [7, 0, 9])
      assert.deepStrictEqual([...images.subarray(0, 6)], [0, 60, 120, 1, 61, 121])
      // Row 5, column 9 of record 2 is pixel 169.
      const at = 2 * 3072 + 3 * (5 * 32 + 9)
      assert.deepStrictEqual([...images.subarray(at, at + 3)], [21, 81, 141])
    })
  )

  it.effect("goes to the rows it is asked for, the first records only", () =>
    Effect.gen(function* () {
      const into = cifarRoom(4)
      yield* readCifarBatch(file([7, 8, 9]), { file: "b.bin", records: 3 }, into, 2, 2)
      assert.deepStrictEqual([...into.labels], [0, 0, 7, 8])
      assert.isTrue(into.images.subarray(0, 2 * 3072).every((byte) => byte === 0))
      assert.strictEqual(into.images[3 * 3072], 1)
    })
  )

  it.effect.prop(
    "of any bytes is read or refused, and never believed beyond its length",
    [Schema.Uint8Array.check(Schema.isMaxLength(8000))],
    ([bytes]) =>
      Effect.gen(function* () {
        const result = yield* Effect.result(read(bytes, 2))
        if (result._tag === "Success") assert.strictEqual(bytes.length, 2 * recordBytes)
        else assert.include(["CifarWrongSize", "CifarWrongLabel"], result.failure._tag)
      })
  )
})

describe("a hostile batch is refused", () => {
  const sound = file([1, 2, 3])
  const short = "it was cut short on its way: get it again from where it is published"
  const other =
    "it is another file, such as one of CIFAR-100 or of the Python version: take the binary version of CIFAR-10"

  it.effect("that ends within a record, or after one", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* complaint(sound.subarray(0, 4000)),
        `CifarWrongSize: b.bin: has 4000 bytes, not the 9219 of 3 records of 3073: it ends within record 1 (hint: ${short})`
      )
      assert.include(yield* complaint(sound.subarray(0, 2 * recordBytes)), "it ends after 2 records")
      assert.include(yield* complaint(new Uint8Array(0)), "has 0 bytes")
    })
  )

  it.effect("that goes on after its last record", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* complaint(file([1, 2, 3, 4])),
        `CifarWrongSize: b.bin: has 12292 bytes, not the 9219 of 3 records of 3073: 3073 bytes follow the last record (hint: ${other})`
      )
    })
  )

  it.effect("that has a class beyond the tenth, in a record that nobody asked for too", () =>
    Effect.gen(function* () {
      const into = cifarRoom(1)
      const error = yield* Effect.flip(
        readCifarBatch(file([1, 2, 10]), { file: "b.bin", records: 3 }, into, 0, 1)
      )
      assert.strictEqual(error.message, "b.bin: record 2 begins with 10, and classes are 0 to 9")
    })
  )
})
