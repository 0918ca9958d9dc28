/** Running sums and products along an axis. */
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"
import { axisOf, reversed } from "./shape.ts"

const numeric = ({ graph }: Call, x: Value): Value => (x.type === "bool" ? ops.cast(graph, x, "int32") : x)

/** Every element moves on by `count`; ones come after. */
const shifted = ({ graph }: Call, x: Value, axis: number, count: number): Value => {
  const length = x.shape[axis] ?? 1
  const ones = x.shape.map((size, at) => (at === axis ? count : size))
  const kept = ops.slice(graph, x, [{ axis, begin: 0, end: length - count }])
  return ops.concat(graph, [ops.filled(graph, 1, ones, x.type), kept], axis)
}

/** ONNX has no running product: after k rounds each element is the product of up to 2^k. */
const runningProduct = (call: Call, x: Value, axis: number, exclusive: boolean): Value => {
  const length = x.shape[axis] ?? 1
  let product = exclusive && length > 0 ? shifted(call, x, axis, 1) : x
  for (let reach = 1; reach < length; reach *= 2)
    product = ops.mul(call.graph, product, shifted(call, product, axis, reach))
  return product
}

export const scans: Lowerings = {
  Cumsum: (call) => {
    const x = numeric(call, call.input("x"))
    const axis = ops.scalar(call.graph, axisOf(call, x.shape.length, 0), "int64")
    const flags = { exclusive: call.flag("exclusive") ? 1 : 0, reverse: call.flag("reverse") ? 1 : 0 }
    return call.graph.op("CumSum", [x, axis], x, flags)
  },

  Cumprod: (call) => {
    const x = numeric(call, call.input("x"))
    const axis = axisOf(call, x.shape.length, 0)
    const exclusive = call.flag("exclusive")
    if (!call.flag("reverse")) return runningProduct(call, x, axis, exclusive)
    return reversed(call, runningProduct(call, reversed(call, x, [axis]), axis, exclusive), [axis])
  }
}
