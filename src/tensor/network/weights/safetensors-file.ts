/** Weights as the bytes of a safetensors file, as Python writes and reads them. */
import { Effect, Schema } from "effect"
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  MalformedSafetensors
} from "../../../artifact/safetensors.ts"
import { fromShallowJson } from "../../../artifact/shallow-json.ts"
import { bytesOf, elementsFrom, type TensorData } from "../../../artifact/tensor-data.ts"

/**
 * Reads all tensors of a file.
 *
 * A state dict with batch normalisation holds `num_batches_tracked`, 64-bit integers that no layer needs: they are left
 * out. Other types than F32, F64, I32 and U8 are refused.
 */
export const readSafetensors = Effect.fnUntraced(function* (
  bytes: Uint8Array
): Effect.fn.Return<Map<string, TensorData>, MalformedSafetensors> {
  const length = yield* headerLength(bytes, bytes.length)
  const dataOffset = 8 + length
  const json = yield* withoutCounters(bytes.subarray(8, dataOffset))
  // The header was written anew, and its length with it; the data has kept its own.
  const header = yield* decodeHeader(json, 8 + json.length + bytes.length - dataOffset)
  const tensors = new Map<string, TensorData>()
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    if (isCounter(name)) continue
    const data = elementsFrom(dtype, bytes.subarray(dataOffset + begin, dataOffset + end))
    tensors.set(name, { dtype, shape, data: data.slice() })
  }
  return tensors
})

/** A safetensors file of the given tensors, in their order. */
export const writeSafetensors = (tensors: ReadonlyMap<string, TensorData>): Uint8Array =>
  Buffer.concat([
    encodeHeader(
      [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      { format: "pt" }
    ),
    ...[...tensors.values()].map(({ data }) => bytesOf(data))
  ])

const isCounter = (name: string): boolean => name.endsWith("num_batches_tracked")

const Counter = Schema.Struct({
  dtype: Schema.Literal("I64"),
  shape: Schema.Tuple([]),
  data_offsets: Schema.Tuple([Schema.Int, Schema.Int])
})
const isCounterEntry = Schema.is(Counter)

const Header = fromShallowJson(Schema.Record(Schema.String, Schema.Json))

/** The header with each counter called eight bytes, a type that its reader knows. */
const withoutCounters = Effect.fnUntraced(function* (
  json: Uint8Array
): Effect.fn.Return<Uint8Array, MalformedSafetensors> {
  const header = yield* Schema.decodeEffect(Header)(Buffer.from(json).toString("utf8")).pipe(
    Effect.mapError((error) => new MalformedSafetensors({ reason: error.message }))
  )
  const entries = Object.entries(header).map(([name, entry]) =>
    isCounter(name) && isCounterEntry(entry)
      ? ([name, { dtype: "U8", shape: [8], data_offsets: entry.data_offsets }] as const)
      : ([name, entry] as const)
  )
  return Buffer.from(JSON.stringify(Object.fromEntries(entries)))
})
