/** Tensors that a file holds: weights, and small numbers that say how. */
import { Effect } from "effect"
import { type Misfit, shapeText } from "../shape.ts"
import type { TensorMessage } from "./read-file.ts"

export interface Constant {
  readonly kind: "constant"
  readonly name: string
  readonly shape: ReadonlyArray<number>
  /** Whole numbers and truth values are doubles here: only lengths and axes are read from them. */
  readonly data: Float32Array | Float64Array
  readonly whole: boolean
}

export const refuse = (problem: string, hint: string): Effect.Effect<never, Misfit> =>
  Effect.fail({ problem, hint })

/** Which element types are read, by ONNX's number: how many bytes each takes, and from which list it may come. */
const types: { readonly [number: number]: ElementType } = {
  1: { bytes: 4, list: "floatData", read: (view, at) => view.getFloat32(at, true) },
  6: { bytes: 4, list: "int32Data", read: (view, at) => view.getInt32(at, true) },
  7: { bytes: 8, list: "int64Data", read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { bytes: 1, list: "int32Data", read: (view, at) => view.getUint8(at) },
  11: { bytes: 8, list: "doubleData", read: (view, at) => view.getFloat64(at, true) }
}

interface ElementType {
  readonly bytes: number
  readonly list: "floatData" | "int32Data" | "int64Data" | "doubleData"
  readonly read: (view: DataView, at: number) => number
}

/** By ONNX's number. One plain list: a spread would count as an effect, and stay in the code of every stage. */
// biome-ignore format: three lines
const typeNames = [
  "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
  "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"
]

export const typeName = (type: number): string => typeNames[type] ?? `type ${type}`

export const constantOf = Effect.fnUntraced(function* (
  message: TensorMessage
): Effect.fn.Return<Constant, Misfit> {
  const { name, dims, dataType, rawData } = message
  const what = `tensor \`${name}\``
  if (message.dataLocation !== 0) {
    return yield* refuse(
      `${what} lies in another file`,
      "save the model in one file: `onnx.save(onnx.load(path), path)`, or export it with `external_data=False`"
    )
  }
  const type = types[dataType]
  if (type === undefined) {
    return yield* refuse(
      `${what} is of element type ${typeName(dataType)}`,
      "weights are float32 or float64: export the model before it is converted or quantised"
    )
  }
  const list = message[type.list]
  const raw = rawData.length > 0 || list.length === 0
  const held = raw ? rawData.length / type.bytes : list.length
  const elements = dims.every((size) => Number.isSafeInteger(size) && size >= 0)
    ? dims.reduce((a, b) => a * b, 1)
    : Number.NaN
  if (elements !== held) {
    return yield* refuse(
      `${what} of shape ${shapeText(dims)} holds ${raw ? `${rawData.length} bytes` : `${list.length} elements`} of ${typeName(dataType)}`,
      "the file was cut short or changed: export it again"
    )
  }
  const data = dataType === 1 ? new Float32Array(elements) : new Float64Array(elements)
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength)
  for (let at = 0; at < elements; at++) data[at] = raw ? type.read(view, at * type.bytes) : (list[at] ?? 0)
  return { kind: "constant", name, shape: dims, data, whole: dataType !== 1 && dataType !== 11 }
})

/** The numbers of a constant with few of them. */
export const fewNumbers = (
  { name, data }: Constant,
  most: number
): Effect.Effect<ReadonlyArray<number>, Misfit> =>
  data.length <= most
    ? Effect.succeed([...data])
    : refuse(
        `\`${name}\` has ${data.length} elements, where ${most} at most make sense`,
        "export the model again"
      )

/** The shortest decimal number that is this one in float32: 0.1 for 0.10000000149011612. */
export const asWritten = (value: number): number => {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === Math.fround(value)) return short
  }
  return value
}
