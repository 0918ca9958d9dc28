/**
 * The IDX format, in which MNIST is published: a magic number, one 32-bit length per dimension, then the bytes.
 *
 * Nothing that a header says is believed before it was compared with the bytes that are there, and nothing is copied,
 * so a hostile file costs no more memory than an honest one. Only unsigned bytes are read: MNIST has nothing else.
 *
 * @see http://yann.lecun.com/exdb/mnist/, "File formats"
 */
import { Effect, Schema } from "effect"
import { type GzipError, gunzipBounded, isGzip } from "./gunzip.ts"

/** An array of bytes: `data`, row-major, is a view into the file's bytes. */
export interface IdxArray {
  readonly shape: ReadonlyArray<number>
  readonly data: Uint8Array
}

const Shape = Schema.Array(Schema.Number)
const shown = (shape: ReadonlyArray<number>): string => `[${shape.join(", ")}]`
const reload = "get the file again from where it is published"

/** The file does not begin as an IDX file of bytes with so many dimensions. */
export class IdxWrongMagic extends Schema.TaggedError<IdxWrongMagic>()("IdxWrongMagic", {
  file: Schema.String,
  /** The first four bytes, in hexadecimal. */
  found: Schema.String,
  expected: Schema.String,
  rank: Schema.Int
}) {
  override get message() {
    const what = `unsigned bytes in ${this.rank} dimension${this.rank === 1 ? "" : "s"}`
    return `${this.file}: begins with ${this.found}, an IDX file of ${what} with ${this.expected}`
  }
  get hint() {
    const [, , type, rank] = this.found.split(" ")
    if (this.found.startsWith("00 00 08")) {
      return `it has ${Number.parseInt(rank ?? "", 16)} dimensions: were images and labels mixed up?`
    }
    if (this.found.startsWith("00 00"))
      return `its elements are of type 0x${type}; only bytes, 0x08, are read`
    return reload
  }
}

/** The file ends before its header does, or in the middle of an item. */
export class IdxTruncated extends Schema.TaggedError<IdxTruncated>()("IdxTruncated", {
  file: Schema.String,
  bytes: Schema.Int,
  expectedBytes: Schema.Number,
  where: Schema.String
}) {
  override get message() {
    return `${this.file}: ends after ${this.bytes} bytes, ${this.where}; ${this.expectedBytes} were expected`
  }
  get hint() {
    return `it was cut short on its way: ${reload}`
  }
}

/** The header's first length and the number of whole items behind it differ. */
export class IdxWrongCount extends Schema.TaggedError<IdxWrongCount>()("IdxWrongCount", {
  file: Schema.String,
  shape: Shape,
  items: Schema.Number
}) {
  override get message() {
    return `${this.file}: its header ${shown(this.shape)} counts ${this.shape[0]} items, but ${this.items} follow it`
  }
  get hint() {
    return `one of the two is wrong and neither is to be trusted: ${reload}`
  }
}

/** Bytes follow the last item. */
export class IdxTrailingBytes extends Schema.TaggedError<IdxTrailingBytes>()("IdxTrailingBytes", {
  file: Schema.String,
  shape: Shape,
  expectedBytes: Schema.Int,
  bytes: Schema.Int
}) {
  override get message() {
    return `${this.file}: its header ${shown(this.shape)} makes it ${this.expectedBytes} bytes long, but it has ${this.bytes}`
  }
  get hint() {
    return `something was appended to it: ${reload}`
  }
}

/** A sound file of another shape than the data set's. */
export class IdxWrongShape extends Schema.TaggedError<IdxWrongShape>()("IdxWrongShape", {
  file: Schema.String,
  found: Shape,
  expected: Shape
}) {
  override get message() {
    return `${this.file}: has shape ${shown(this.found)}, not ${shown(this.expected)}`
  }
  get hint() {
    return "it is another file of the same format: check its name"
  }
}

export type IdxError = IdxWrongMagic | IdxTruncated | IdxWrongCount | IdxTrailingBytes | IdxWrongShape

/** What a file must be. */
export interface IdxExpectation {
  /** What errors call it. */
  readonly file: string
  /** The lengths of its dimensions. */
  readonly shape: ReadonlyArray<number>
}

/** Reads an IDX file of a known shape, gzipped or not. */
export const readIdx = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  { file, shape }: IdxExpectation
): Effect.fn.Return<IdxArray, IdxError | GzipError> {
  const maxBytes = headerBytes(shape.length) + product(shape)
  const plain = isGzip(bytes) ? yield* gunzipBounded(bytes, { file, maxBytes }) : bytes
  const array = yield* parseIdx(plain, { file, rank: shape.length })
  if (array.shape.join() !== shape.join()) {
    return yield* new IdxWrongShape({ file, found: array.shape, expected: shape })
  }
  return array
})

const unsignedByte = 0x08

/** Reads the bytes of an IDX file with `rank` dimensions, whatever their lengths. */
export const parseIdx = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  { file, rank }: { readonly file: string; readonly rank: number }
): Effect.fn.Return<IdxArray, IdxError> {
  const header = headerBytes(rank)
  const magic = Uint8Array.of(0, 0, unsignedByte, rank)
  const first = bytes.subarray(0, 4)
  if (first.some((byte, at) => byte !== magic[at])) {
    return yield* new IdxWrongMagic({ file, found: hex(first), expected: hex(magic), rank })
  }
  if (bytes.length < header) {
    const where = `within its header of ${header}`
    return yield* new IdxTruncated({ file, bytes: bytes.length, expectedBytes: header, where })
  }
  const lengths = new DataView(bytes.buffer, bytes.byteOffset + 4, header - 4)
  const shape = Array.from({ length: rank }, (_, dimension) => lengths.getUint32(4 * dimension))
  const data = bytes.subarray(header)
  const problem = sizeProblem(file, shape, data.length, header)
  return problem === undefined ? { shape, data } : yield* problem
})

const sizeProblem = (
  file: string,
  shape: ReadonlyArray<number>,
  bytes: number,
  header: number
): IdxError | undefined => {
  // Lengths of 2^32 - 1 multiply to a number that is only approximate, but never to one that fits a real file.
  const expected = product(shape)
  if (bytes === expected) return undefined
  const item = product(shape.slice(1))
  const items = Math.floor(bytes / item)
  // Whole items and the wrong number of them: then it is the count that is wrong.
  if (item > 0 && items > 0 && bytes % item === 0) return new IdxWrongCount({ file, shape, items })
  const total = header + bytes
  return bytes < expected
    ? new IdxTruncated({
        file,
        bytes: total,
        expectedBytes: header + expected,
        where: `within item ${items} of shape ${shown(shape.slice(1))}`
      })
    : new IdxTrailingBytes({ file, shape, expectedBytes: header + expected, bytes: total })
}

const headerBytes = (rank: number): number => 4 + 4 * rank

const product = (lengths: ReadonlyArray<number>): number => lengths.reduce((a, b) => a * b, 1)

const hex = (bytes: Uint8Array): string =>
  bytes.length === 0 ? "nothing" : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
