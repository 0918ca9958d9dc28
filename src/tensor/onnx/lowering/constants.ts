/** Tensors that come from numbers and shapes alone. */
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

const full =
  (value: number): Lowering =>
  (call) => {
    const x = call.input("x")
    return ops.filled(call.graph, value, x.shape, x.type)
  }

const range = (call: Call) => {
  const [start, stop, step] = [call.number("start"), call.number("stop"), call.number("step", 1)]
  const length = Math.max(0, Math.ceil((stop - start) / step))
  const values = Array.from({ length }, (_, at) => start + at * step)
  return call.graph.constant(
    call.type("dtype", "float32") === "int32" ? Int32Array.from(values) : Float32Array.from(values)
  )
}

export const constants: Lowerings = {
  OnesLike: full(1),
  ZerosLike: full(0),
  Fill: (call) =>
    ops.filled(call.graph, call.number("value"), call.numbers("shape"), call.type("dtype", "float32")),
  Range: range,
  LinSpace: (call) => {
    const [start, stop, count] = [call.number("start"), call.number("stop"), call.number("num")]
    const step = count < 2 ? 0 : (stop - start) / (count - 1)
    return call.graph.constant(Float32Array.from({ length: count }, (_, at) => start + at * step))
  },
  Diag: (call) => {
    const { graph } = call
    const x = call.input("x")
    const size = ops.sizeOf(x.shape)
    const diagonal = Uint8Array.from({ length: size ** 2 }, (_, at) => (at % (size + 1) === 0 ? 1 : 0))
    const here = graph.constant(diagonal, [size, size])
    const matrix = ops.where(graph, here, ops.reshape(graph, x, [size]), ops.scalar(graph, 0, x.type))
    return ops.reshape(graph, matrix, [...x.shape, ...x.shape])
  }
}
