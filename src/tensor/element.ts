/** Element types under the names of TensorFlow.js. */
import type { ElementType } from "./engine.ts"

export const tfTypes = { F32: "float32", I32: "int32", U8: "bool" } as const satisfies {
  readonly [type in ElementType]: string
}

export const elementTypes = { float32: "F32", int32: "I32", bool: "U8" } as const
