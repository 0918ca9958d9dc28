/** Tensors at rest: what files hold. Computing with them is the `tensor` room's work. */

/** Element types that are stored, under their safetensors names. */
export type DType = "U8" | "I32" | "F32" | "F64"

export type TensorArray = Uint8Array | Int32Array | Float32Array | Float64Array

/** A dense, row-major tensor in memory. `data.length` is the product of `shape`. */
export interface TensorData {
  readonly dtype: DType
  readonly shape: ReadonlyArray<number>
  readonly data: TensorArray
}

export const bytesPerElement: { readonly [dtype in DType]: number } = { U8: 1, I32: 4, F32: 4, F64: 8 }

export const elementsOf = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)

/** What is wrong with a tensor whose parts do not belong together; `undefined` where they do. */
export const problemOf = ({ dtype, shape, data }: TensorData): string | undefined => {
  if (!(data instanceof arrayOf[dtype])) return `are called ${dtype}, but come as ${data.constructor.name}`
  const elements = elementsOf(shape)
  if (data.length === elements) return undefined
  return `of shape [${shape.join(", ")}] need ${elements} elements and have ${data.length}`
}

const arrayOf = { U8: Uint8Array, I32: Int32Array, F32: Float32Array, F64: Float64Array }

/** The little-endian bytes of a tensor, without a copy. */
export const bytesOf = (data: TensorArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Little-endian bytes read as elements. Copies when the bytes are not aligned for the element type. */
export const elementsFrom = (dtype: DType, bytes: Uint8Array): TensorArray => {
  const size = bytesPerElement[dtype]
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  const length = aligned.byteLength / size
  switch (dtype) {
    case "U8":
      return new Uint8Array(aligned.buffer, aligned.byteOffset, length)
    case "I32":
      return new Int32Array(aligned.buffer, aligned.byteOffset, length)
    case "F32":
      return new Float32Array(aligned.buffer, aligned.byteOffset, length)
    case "F64":
      return new Float64Array(aligned.buffer, aligned.byteOffset, length)
  }
}
