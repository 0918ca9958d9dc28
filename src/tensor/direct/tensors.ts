/** Tensors on their way from memory to a backend and back. */
import * as tf from "@tensorflow/tfjs-core"
import { problemOf, type TensorArray, type TensorData } from "../../artifact/tensor-data.ts"
import type { ElementType, Signature, TensorSpec } from "../engine.ts"

const dtypes = { F32: "float32", I32: "int32", U8: "bool" } as const

/** What is wrong with tensors that are to fit a signature; `undefined` where nothing is. */
export const misfit = (
  signature: Signature,
  tensors: { readonly [name: string]: TensorData }
): string | undefined => {
  for (const [name, spec] of Object.entries(signature)) {
    const tensor = tensors[name]
    if (tensor === undefined) return `tensor \`${name}\` is missing`
    if (tensor.dtype !== spec.dtype || tensor.shape.join() !== spec.shape.join())
      return `tensor \`${name}\` is ${specText(tensor)}, not ${specText(spec)}`
    const problem = problemOf(tensor)
    if (problem !== undefined) return `the values of tensor \`${name}\` ${problem}`
  }
  const extra = Object.keys(tensors).find((name) => !Object.hasOwn(signature, name))
  return extra === undefined ? undefined : `there is no tensor \`${extra}\` in its signature`
}

export const specText = ({
  dtype,
  shape
}: {
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
}): string => `${dtype}[${shape.join(", ")}]`

/** Type and shape of a tensor; `undefined` for a type that no engine takes in or gives out. */
export const specOf = ({ dtype, shape }: tf.Tensor): TensorSpec | undefined => {
  const type = elementTypes[dtype]
  return type === undefined ? undefined : { dtype: type, shape: [...shape] }
}

const elementTypes: { readonly [dtype: string]: ElementType } = { float32: "F32", int32: "I32", bool: "U8" }

/** Puts a copy of a tensor on the backend: some backends keep the very array that they are given. */
export const toBackend = ({ dtype, shape }: TensorSpec, data: TensorArray): tf.Tensor =>
  tf.tensor(data instanceof Float64Array ? Float32Array.from(data) : data.slice(), [...shape], dtypes[dtype])

export const zerosOf = ({ dtype, shape }: TensorSpec): tf.Tensor => tf.zeros([...shape], dtypes[dtype])

/** A tensor's values as an array of their own. */
export const toMemory = (tensor: tf.Tensor, values: unknown): TensorData => {
  const spec = specOf(tensor)
  if (spec === undefined) throw new Error(`a tensor of type ${tensor.dtype} cannot leave the engine`)
  return { ...spec, data: arrayOf(spec.dtype, values) }
}

const arrayOf = (dtype: ElementType, values: unknown): TensorArray => {
  if (!(values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array))
    throw new Error("the backend gave back something that is no array of numbers")
  switch (dtype) {
    case "F32":
      return Float32Array.from(values)
    case "I32":
      return Int32Array.from(values)
    case "U8":
      return Uint8Array.from(values)
  }
}
