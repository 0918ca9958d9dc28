/** Kernels that move elements and compute nothing. */
import { util } from "@tensorflow/tfjs-core"
import type { Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

export const shapes: Lowerings = {
  Reshape: (call) => {
    const x = call.input("x")
    return ops.reshape(
      call.graph,
      x,
      util.inferFromImplicitShape([...call.numbers("shape")], ops.sizeOf(x.shape))
    )
  },
  ExpandDims: (call) => {
    const x = call.input("input")
    const dim = call.number("dim")
    const at = dim < 0 ? x.shape.length + 1 + dim : dim
    return ops.reshape(call.graph, x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
  },
  Slice: (call) => {
    const x = call.input("x")
    const sizes = call.numbers("size")
    const ranges = call.numbers("begin").map((begin, axis) => {
      const size = sizes[axis] ?? -1
      return { axis, begin, end: size < 0 ? (x.shape[axis] ?? 0) : begin + size }
    })
    return ops.slice(call.graph, x, ranges)
  },
  Transpose: (call) => ops.transpose(call.graph, call.input("x"), call.numbers("perm"))
}
