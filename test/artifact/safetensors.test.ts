import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import fc from "fast-check"
import type { BlobReader } from "../../src/artifact/kind.ts"
import {
  encodeHeader,
  MalformedSafetensors,
  maxHeaderBytes,
  readHeader,
  type SafetensorsHeader
} from "../../src/artifact/safetensors.ts"
import {
  bytesOf,
  type DType,
  elementsFrom,
  elementsOf,
  type TensorArray,
  type TensorData
} from "../../src/artifact/tensor-data.ts"

type Named = readonly [name: string, tensor: TensorData]

const encode = (tensors: ReadonlyArray<Named>, metadata = {}): Uint8Array =>
  Buffer.concat([
    encodeHeader(
      tensors.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      metadata
    ),
    ...tensors.map(([, { data }]) => bytesOf(data))
  ])

/** A file that gives out only bytes that it has. `size` is what the file system says. */
const fileOf = (bytes: Uint8Array, size = bytes.length): BlobReader => ({
  size,
  read: (position, length) =>
    Effect.sync(() => {
      assert.isAtLeast(position, 0)
      assert.isAtMost(position + length, size, "more was asked for than the file has")
      return Uint8Array.from(bytes.subarray(position, position + length))
    })
})

const read = (bytes: Uint8Array) => readHeader(fileOf(bytes))

const tensorOf = (bytes: Uint8Array, header: SafetensorsHeader, name: string): TensorData | undefined => {
  const entry = header.tensors.get(name)
  if (entry === undefined) return undefined
  const { dtype, shape, begin, end } = entry
  const data = elementsFrom(dtype, bytes.subarray(header.dataOffset + begin, header.dataOffset + end))
  return { dtype, shape, data }
}

const withHeader = (header: string | Uint8Array, dataBytes = 0, claimed?: bigint): Uint8Array => {
  const text = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimed ?? BigInt(text.length))
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)])
}

const arrayOf = (dtype: DType, bytes: Uint8Array): TensorArray => elementsFrom(dtype, bytes)

const tensor: fc.Arbitrary<TensorData> = fc
  .record({
    dtype: fc.constantFrom<DType>("U8", "I32", "F32", "F64"),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 })
  })
  .chain(({ dtype, shape }) => {
    const size = elementsOf(shape) * { U8: 1, I32: 4, F32: 4, F64: 8 }[dtype]
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes) => ({ dtype, shape, data: arrayOf(dtype, bytes) }))
  })

const name = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "0", "10", "", "a.b/c", "naïve ✓", '"quoted"', "dtype", "\n"),
  fc.string({ unit: "grapheme", maxLength: 5 })
)
const tensors: fc.Arbitrary<ReadonlyArray<Named>> = fc.uniqueArray(fc.tuple(name, tensor), {
  maxLength: 5,
  selector: ([key]) => key
})

/** What `fixtures/make.py` writes and expects. */
const fixture: ReadonlyArray<Named> = [
  ["bytes", { dtype: "U8", shape: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5) }],
  ["integers", { dtype: "I32", shape: [4], data: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1) }],
  ["floats", { dtype: "F32", shape: [2, 2], data: Float32Array.of(0.5, -0.25, 1e-45, Infinity) }],
  ["doubles", { dtype: "F64", shape: [3], data: Float64Array.of(Math.PI, -Infinity, 5e-324) }],
  ["scalar", { dtype: "F32", shape: [], data: Float32Array.of(7.5) }],
  ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array() }],
  ["naïve ✓", { dtype: "U8", shape: [1], data: Uint8Array.of(1) }],
  ["__proto__", { dtype: "U8", shape: [2], data: Uint8Array.of(2, 3) }]
]
const fixturePath = (file: string) => join(import.meta.dirname, "fixtures", file)

describe("safetensors", () => {
  it.effect("what is written is read back, to the bit and under any name", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(tensors, fc.dictionary(fc.string(), fc.string()), async (written, metadata) => {
          const bytes = encode(written, metadata)
          const header = await Effect.runPromise(read(bytes))
          assert.deepStrictEqual([...header.tensors.keys()].sort(), written.map(([key]) => key).sort())
          assert.strictEqual(header.dataOffset % 8, 0)
          for (const [key, { dtype, shape, data }] of written) {
            const found = tensorOf(bytes, header, key)
            assert.strictEqual(found?.dtype, dtype)
            assert.deepStrictEqual(found?.shape, shape)
            assert.deepStrictEqual(bytesOf(found?.data ?? new Uint8Array()), bytesOf(data))
          }
          assert.deepStrictEqual(Object.entries(header.metadata).sort(), Object.entries(metadata).sort())
        }),
        { numRuns: 200 }
      )
    )
  )

  it.effect("a file that Python's safetensors wrote is read", () =>
    Effect.gen(function* () {
      const bytes = readFileSync(fixturePath("python.safetensors"))
      const header = yield* read(bytes)
      assert.deepStrictEqual(header.metadata, { "made by": "Python" })
      assert.deepStrictEqual(
        new Map([...header.tensors.keys()].map((key) => [key, tensorOf(bytes, header, key)])),
        new Map(
          fixture.toSorted(
            ([a], [b]) => [...header.tensors.keys()].indexOf(a) - [...header.tensors.keys()].indexOf(b)
          )
        )
      )
    })
  )

  // `fixtures/make.py` reads it with Python's safetensors. If this fails, run that again.
  it("the file that Python's safetensors was seen to read is still what is written", () => {
    assert.deepStrictEqual(Buffer.from(encode(fixture)), readFileSync(fixturePath("ours.safetensors")))
  })

  const spec = (fields: object) =>
    JSON.stringify({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...fields } })

  const hostile: ReadonlyArray<readonly [what: string, bytes: Uint8Array, reason: RegExp]> = [
    ["is empty", new Uint8Array(), /shorter than eight bytes/],
    ["ends within the header's length", new Uint8Array(7), /shorter than eight bytes/],
    ["claims one byte more of header than it has", withHeader("{}", 0, 3n), /claims a header of 3 bytes/],
    ["claims a header of 2^64 - 1 bytes", withHeader("{}", 0, 2n ** 64n - 1n), /claims a header/],
    ["claims a header of 2^53 bytes", withHeader("{}", 0, 2n ** 53n), /claims a header/],
    ["has no header", withHeader(""), /JSON/i],
    ["has a header that is no JSON", withHeader("{a}"), /JSON/i],
    ["has a header that ends early", withHeader('{"a":{"dtype":"F32"'), /JSON/i],
    ["has null for a header", withHeader("null"), /./],
    ["has a list for a header", withHeader("[]"), /object/],
    ["has a number for a header", withHeader("3"), /object/],
    ["has a tensor that is a list", withHeader('{"a":[]}'), /./],
    ["has a tensor that is null", withHeader('{"a":null}'), /./],
    ["has a tensor without offsets", withHeader('{"a":{"dtype":"F32"}}'), /no data_offsets/],
    ["has a tensor with three offsets", withHeader(spec({ data_offsets: [0, 4, 4] }), 4), /./],
    ["has fractional offsets", withHeader(spec({ data_offsets: [0, 4.5] }), 4), /./],
    ["has offsets that are text", withHeader(spec({ data_offsets: ["0", "4"] }), 4), /./],
    ["has negative offsets", withHeader(spec({ data_offsets: [-4, 0] }), 4), /its offsets give/],
    ["has offsets in the wrong order", withHeader(spec({ data_offsets: [4, 0] }), 4), /its offsets give -4/],
    ["has offsets behind its end", withHeader(spec({ data_offsets: [0, 4] }), 3), /the file holds 3/],
    ["has bytes behind its last tensor", withHeader(spec({}), 5), /the file holds 5/],
    ["has bytes and no tensors", withHeader("{}", 1), /the file holds 1/],
    ["has a hole before its first tensor", withHeader(spec({ data_offsets: [4, 8] }), 8), /begins at byte 4/],
    [
      "has a hole between tensors",
      withHeader(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
        3
      ),
      /begins at byte 2, where 1/
    ],
    [
      "has tensors that overlap",
      withHeader(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        3
      ),
      /begins at byte 1, where 2/
    ],
    [
      "has two tensors in one place",
      withHeader(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
        2
      ),
      /begins at byte 0, where 2/
    ],
    [
      "names a tensor twice, at two places",
      withHeader(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        2
      ),
      /begins at byte 1/
    ],
    ["has fewer bytes than its shape needs", withHeader(spec({ shape: [2] }), 4), /needs 8 bytes/],
    [
      "has more bytes than its shape needs",
      withHeader(spec({ shape: [], data_offsets: [0, 8] }), 8),
      /needs 4 bytes/
    ],
    ["has a negative size", withHeader(spec({ shape: [-1] }), 4), /./],
    ["has two negative sizes with the right product", withHeader(spec({ shape: [-1, -1] }), 4), /./],
    ["has a fractional size", withHeader(spec({ shape: [0.5, 2] }), 4), /./],
    ["has a size beyond 2^53", withHeader(spec({ shape: [2 ** 60] }), 4), /./],
    [
      "has a shape whose product overflows",
      withHeader(spec({ shape: Array(40).fill(2 ** 40) }), 4),
      /needs Infinity bytes/
    ],
    [
      "has a shape whose product wraps to four bytes in 64 bits",
      withHeader(spec({ shape: [2 ** 32, 2 ** 32, 1] }), 4),
      /needs/
    ],
    [
      "has an overflowing shape that ends in zero",
      withHeader(spec({ shape: [...Array(40).fill(2 ** 40), 0], data_offsets: [0, 0] })),
      /needs NaN bytes/
    ],
    [
      "has offsets near 2^53",
      withHeader(spec({ data_offsets: [2 ** 53 - 5, 2 ** 53 - 1] }), 4),
      /begins at byte/
    ],
    [
      "has an unknown type",
      withHeader(spec({ dtype: "F17" }), 4),
      /has type F17; U8, I32, F32 and F64 are known/
    ],
    ["has a type that we do not store", withHeader(spec({ dtype: "BF16", shape: [2] }), 4), /has type BF16/],
    [
      "has a type named after an object's property",
      withHeader(spec({ dtype: "constructor" }), 4),
      /has type constructor/
    ],
    ["has a number among its metadata", withHeader('{"__metadata__":{"a":1}}'), /./],
    ["has metadata that are a list", withHeader('{"__metadata__":[]}'), /./],
    [
      "has metadata that are a tensor",
      withHeader('{"__metadata__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
      /metadata is a tensor/
    ],
    [
      "hides bytes under __proto__",
      withHeader('{"__proto__":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}', 1),
      /`__proto__` of shape \[2\] needs 2/
    ]
  ]

  it.effect.each(hostile)("a file that %s is refused", ([, bytes, reason]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read(bytes))
      assert.instanceOf(error, MalformedSafetensors)
      assert.match(error.message, reason)
      assert.isBelow(error.message.length, 1000)
    })
  )

  it.effect(
    "a header beyond the format's limit is refused without being read, however large the file is",
    () =>
      Effect.gen(function* () {
        const length = withHeader("", 0, BigInt(maxHeaderBytes) + 1n)
        const file = fileOf(length, 2 ** 40)
        const counted: BlobReader = {
          size: file.size,
          read: (position, count) => {
            assert.isAtMost(position + count, 8)
            return file.read(position, count)
          }
        }
        const error = yield* Effect.flip(readHeader(counted))
        assert.match(error.message, /claims a header of 100000001 bytes/)
      })
  )

  it.effect("a header of many tensors is read in one go, and refused as briefly as a short one", () =>
    Effect.gen(function* () {
      const many = Array.from(
        { length: 20_000 },
        (_, i): Named => [`t${i}`, { dtype: "U8", shape: [1], data: Uint8Array.of(i) }]
      )
      const bytes = Buffer.from(encode(many))
      assert.strictEqual((yield* read(bytes)).tensors.size, 20_000)
      const error = yield* Effect.flip(read(bytes.subarray(0, -1)))
      assert.isBelow(error.message.length, 1000)
    })
  )

  it.effect("a tensor called __proto__ is a tensor like any other", () =>
    Effect.gen(function* () {
      const bytes = encode([["__proto__", { dtype: "U8", shape: [2], data: Uint8Array.of(7, 8) }]])
      const header = yield* read(bytes)
      assert.deepStrictEqual(tensorOf(bytes, header, "__proto__")?.data, Uint8Array.of(7, 8))
    })
  )

  it.effect("whatever is done to a header's bytes, the file is refused or every tensor lies in it", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          tensors,
          fc.array(
            fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('0123456789-eE.,:[]{}" UFI\\u\0\xff'))),
            { minLength: 1, maxLength: 4 }
          ),
          async (written, edits) => {
            const bytes = Buffer.from(encode(written))
            const end = 8 + Number(bytes.readBigUInt64LE())
            for (const [at, byte] of edits) bytes[at % end] = byte
            const exit = await Effect.runPromiseExit(read(bytes))
            if (Exit.isFailure(exit)) {
              assert.deepStrictEqual(
                exit.cause.reasons.map(({ _tag }) => _tag),
                ["Fail"]
              )
              return
            }
            const { tensors: found, dataOffset } = exit.value
            let covered = 0
            for (const { begin, end: stop } of found.values()) {
              assert.isAtMost(dataOffset + stop, bytes.length)
              covered += stop - begin
            }
            assert.strictEqual(covered, bytes.length - dataOffset)
          }
        ),
        { numRuns: 500 }
      )
    )
  )
})
