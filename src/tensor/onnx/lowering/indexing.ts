/** Elements by their number: collecting, scattering, sorting. */
import { util } from "@tensorflow/tfjs-core"
import type { Shape, Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** A gather of its own from every element of the leading axes. */
const gatherInBatches = (call: Call, x: Value, indices: Value, axis: number, batchAxes: number): Value => {
  const { graph } = call
  const batch = ops.sizeOf(x.shape.slice(0, batchAxes))
  const outer = ops.sizeOf(x.shape.slice(batchAxes, axis))
  const length = x.shape[axis] ?? 1
  const inner = ops.sizeOf(x.shape.slice(axis + 1))
  const count = ops.sizeOf(indices.shape) / batch
  // The axis goes in front of `outer`, because GatherND counts from the first axis after the batch.
  const apart = ops.reshape(graph, x, [batch, outer, length, inner])
  const front = ops.reshape(graph, ops.transpose(graph, apart, [0, 2, 1, 3]), [batch, length, outer * inner])
  const numbers = ops.reshape(graph, ops.cast(graph, indices, "int64"), [batch, count, 1])
  const shape = [batch, count, outer * inner]
  const found = graph.op("GatherND", [front, numbers], { type: x.type, shape }, { batch_dims: 1 })
  const back = ops.transpose(graph, ops.reshape(graph, found, [batch, count, outer, inner]), [0, 2, 1, 3])
  return ops.reshape(graph, back, [
    ...x.shape.slice(0, axis),
    ...indices.shape.slice(batchAxes),
    ...x.shape.slice(axis + 1)
  ])
}

/**
 * Adds rows to rows of zeros. Rows with the same number are added up one after the other, in their order.
 *
 * @param rows `[count, width]`
 * @param numbers `[count]`, each in [0, total)
 * @returns `[total, width]`
 */
const sumOfRows = ({ graph }: Call, rows: Value, numbers: Value, total: number): Value => {
  const [count = 0, width = 1] = rows.shape
  const zeros = ops.filled(graph, 0, [total, width], rows.type)
  const places = ops.expand(graph, ops.reshape(graph, numbers, [count, 1]), [count, width])
  return graph.op("ScatterElements", [zeros, places, rows], zeros, { axis: 0, reduction: "add" })
}

/** Several numbers for each row, one for each leading axis of `shape`, as one number. */
const flatNumbers = ({ graph }: Call, indices: Value, shape: Shape): Value => {
  const depth = indices.shape.at(-1) ?? 1
  const strides = Int32Array.from({ length: depth }, (_, axis) => ops.sizeOf(shape.slice(axis + 1, depth)))
  const weighted = ops.mul(graph, indices, graph.constant(strides))
  const flat = ops.reduce(graph, "Sum", weighted, [indices.shape.length - 1])
  return ops.reshape(graph, flat, [ops.sizeOf(flat.shape)])
}

export const indexing: Lowerings = {
  GatherV2: (call) => {
    const [x, indices] = [call.input("x"), call.input("indices")]
    const [axis = 0] = util.parseAxisParam(call.number("axis", 0), [...x.shape])
    const batchAxes = call.number("batchDims", 0)
    if (batchAxes > 0) return gatherInBatches(call, x, indices, axis, batchAxes)
    return ops.gather(call.graph, x, indices, axis)
  },

  GatherNd: (call) => {
    const [x, indices] = [call.input("params"), call.input("indices")]
    const depth = indices.shape.at(-1) ?? 0
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]
    return call.graph.op("GatherND", [x, ops.cast(call.graph, indices, "int64")], { type: x.type, shape })
  },

  ScatterNd: (call) => {
    const [indices, updates] = [call.input("indices"), call.input("updates")]
    const shape = call.numbers("shape")
    const depth = indices.shape.at(-1) ?? 1
    const width = ops.sizeOf(shape.slice(depth))
    const rows = ops.reshape(call.graph, updates, [ops.sizeOf(updates.shape) / width, width])
    const total = ops.sizeOf(shape.slice(0, depth))
    return ops.reshape(call.graph, sumOfRows(call, rows, flatNumbers(call, indices, shape), total), shape)
  },

  UnsortedSegmentSum: (call) => {
    const { graph } = call
    const [x, segments] = [call.input("x"), call.input("segmentIds")]
    const total = call.number("numSegments")
    const [count = 0, ...rest] = x.shape
    // Rows of segments that are not there are added to one more, which is then cut off.
    const [low, high] = [ops.scalar(graph, 0, "int32"), ops.scalar(graph, total, "int32")]
    const below = ops.compare(graph, "Less", segments, low)
    const numbers = ops.where(graph, below, high, ops.binary(graph, "Min", segments, high))
    const rows = ops.reshape(graph, x, [count, ops.sizeOf(rest)])
    const sums = ops.slice(graph, sumOfRows(call, rows, numbers, total + 1), [
      { axis: 0, begin: 0, end: total }
    ])
    return ops.reshape(graph, sums, [total, ...rest])
  },

  OneHot: (call) => {
    // ONNX's own counts negative numbers from the end; here they are nowhere.
    const { graph } = call
    const indices = call.input("indices")
    const depth = call.number("depth")
    const each = ops.reshape(graph, ops.cast(graph, indices, "int32"), [...indices.shape, 1])
    const all = graph.constant(Int32Array.from({ length: depth }, (_, at) => at))
    const here = ops.compare(graph, "Equal", each, all)
    const type = call.type("dtype", "float32")
    const [on, off] = [call.number("onValue", 1), call.number("offValue", 0)]
    if (on === 1 && off === 0) return ops.cast(graph, here, type)
    return ops.where(graph, here, ops.scalar(graph, on, type), ops.scalar(graph, off, type))
  },

  TopK: (call) => {
    const { graph } = call
    const x = call.input("x")
    const k = call.number("k")
    const shape = [...x.shape.slice(0, -1), k]
    const specs = [
      { type: x.type, shape },
      { type: "int64" as const, shape }
    ]
    // Of equal elements the first comes first, in ONNX as in TensorFlow.
    const { outputs } = graph.node("TopK", [x, ops.integers(graph, [k])], specs, {
      axis: -1,
      largest: 1,
      sorted: 1
    })
    return outputs.map((output) => (output.type === "int64" ? ops.cast(graph, output, "int32") : output))
  }
}
