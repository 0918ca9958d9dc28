/**
 * The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes.
 *
 * @see https://github.com/huggingface/safetensors, section "Format"
 */
import { Effect, Schema } from "effect"
import type { BlobReader } from "./kind.ts"
import { fromShallowJson } from "./shallow-json.ts"
import { bytesPerElement, type DType, elementsOf } from "./tensor-data.ts"

/** A tensor's place in a file. `begin` and `end` count from the first byte after the header. */
export interface TensorEntry {
  readonly dtype: DType
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: { readonly [key: string]: string }
  /** Where the first tensor's bytes begin in the file. */
  readonly dataOffset: number
}

/** A file that is not the safetensors it claims to be. */
export class MalformedSafetensors extends Schema.TaggedError<MalformedSafetensors>()("MalformedSafetensors", {
  reason: Schema.String
}) {
  override get message() {
    return `not a valid safetensors file: ${this.reason}`
  }
}

/** The format's own limit on the header, in bytes: a larger one is an attack or a mistake. */
export const maxHeaderBytes = 100_000_000

const TensorSpec = Schema.Struct({
  dtype: Schema.String,
  shape: Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  data_offsets: Schema.Tuple([Schema.Int, Schema.Int])
})
const isTensorSpec = Schema.is(TensorSpec)

const Header = fromShallowJson(
  Schema.Record(Schema.String, Schema.Union([TensorSpec, Schema.Record(Schema.String, Schema.String)]))
)

/** The header of a file whose tensors follow each other in the given order, padded to eight bytes. */
export const encodeHeader = (
  tensors: ReadonlyArray<{
    readonly name: string
    readonly dtype: DType
    readonly shape: ReadonlyArray<number>
  }>,
  metadata: { readonly [key: string]: string } = {}
): Uint8Array => {
  // A list and not an object: assigning to `__proto__` would lose a tensor of that name.
  const header: Array<readonly [string, unknown]> = []
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata])
  let offset = 0
  for (const { name, dtype, shape } of tensors) {
    const end = offset + elementsOf(shape) * bytesPerElement[dtype]
    header.push([name, { dtype, shape, data_offsets: [offset, end] }])
    offset = end
  }
  const json = JSON.stringify(Object.fromEntries(header))
  const text = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text])
}

/** Reads a header's length, in bytes, from the first eight bytes of a file of `fileSize` bytes. */
export const headerLength = (
  first: Uint8Array,
  fileSize: number
): Effect.Effect<number, MalformedSafetensors> => {
  if (first.length < 8) return new MalformedSafetensors({ reason: "it is shorter than eight bytes" })
  const length = Buffer.from(first.buffer, first.byteOffset, 8).readBigUInt64LE()
  if (length > BigInt(Math.min(maxHeaderBytes, fileSize - 8))) {
    return new MalformedSafetensors({
      reason: `it claims a header of ${length} bytes in a file of ${fileSize}`
    })
  }
  return Effect.succeed(Number(length))
}

/** Checks a header against the file it stands in: known types, sizes that fit, no hole and no overlap. */
export const decodeHeader = Effect.fnUntraced(function* (json: Uint8Array, fileSize: number) {
  const header = yield* Schema.decodeEffect(Header)(Buffer.from(json).toString("utf8")).pipe(
    Effect.mapError((error) => new MalformedSafetensors({ reason: error.message }))
  )
  const dataOffset = 8 + json.length
  const tensors = new Map<string, TensorEntry>()
  let metadata: { readonly [key: string]: string } = {}
  for (const [name, entry] of Object.entries(header)) {
    if (!isTensorSpec(entry)) {
      if (name !== "__metadata__") {
        return yield* new MalformedSafetensors({ reason: `tensor \`${name}\` has no data_offsets` })
      }
      metadata = entry
      continue
    }
    if (name === "__metadata__")
      return yield* new MalformedSafetensors({ reason: "its metadata is a tensor" })
    const dtype = yield* knownDType(name, entry.dtype)
    const [begin, end] = entry.data_offsets
    const bytes = elementsOf(entry.shape) * bytesPerElement[dtype]
    if (begin < 0 || end - begin !== bytes) {
      return yield* new MalformedSafetensors({
        reason: `tensor \`${name}\` of shape [${entry.shape.join(", ")}] needs ${bytes} bytes, its offsets give ${end - begin}`
      })
    }
    tensors.set(name, { dtype, shape: entry.shape, begin, end })
  }
  yield* checkLayout(tensors, fileSize - dataOffset)
  return { tensors, metadata, dataOffset } satisfies SafetensorsHeader
})

const knownDType = (name: string, dtype: string): Effect.Effect<DType, MalformedSafetensors> =>
  dtype === "U8" || dtype === "I32" || dtype === "F32" || dtype === "F64"
    ? Effect.succeed(dtype)
    : new MalformedSafetensors({
        reason: `tensor \`${name}\` has type ${dtype}; U8, I32, F32 and F64 are known`
      })

const checkLayout = (tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number) =>
  Effect.gen(function* () {
    let offset = 0
    for (const [name, { begin, end }] of [...tensors].sort(
      ([, a], [, b]) => a.begin - b.begin || a.end - b.end
    )) {
      if (begin !== offset) {
        return yield* new MalformedSafetensors({
          reason: `tensor \`${name}\` begins at byte ${begin}, where ${offset} was expected`
        })
      }
      offset = end
    }
    if (offset !== dataBytes) {
      return yield* new MalformedSafetensors({
        reason: `its tensors take ${offset} bytes, the file holds ${dataBytes}`
      })
    }
  })

/** Reads and checks the header of an open file. */
export const readHeader = Effect.fnUntraced(function* (blob: BlobReader) {
  const first = yield* blob.read(0, Math.min(8, blob.size))
  const length = yield* headerLength(first, blob.size)
  return yield* decodeHeader(yield* blob.read(8, length), blob.size)
})
