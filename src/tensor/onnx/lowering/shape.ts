/** Kernels that name, cut, join and turn parts of tensors, and compute nothing. */
import { slice_util, util } from "@tensorflow/tfjs-core"
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** An axis that may be counted from the end. */
export const axisOf = (call: Call, rank: number, otherwise?: number): number => {
  const axis = call.number("axis", otherwise)
  return axis < 0 ? axis + rank : axis
}

const withOne = (call: Call, x: Value, axis: number): Value =>
  ops.reshape(call.graph, x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)])

export const reversed = ({ graph }: Call, x: Value, axes: ReadonlyArray<number>): Value =>
  ops.slice(
    graph,
    x,
    axes.map((axis) => ({ axis, begin: (x.shape[axis] ?? 1) - 1, end: -1, step: -1 }))
  )

const stridedSlice = (call: Call): Value => {
  const x = call.input("x")
  const mask = (name: string): number => call.number(name, 0)
  const info = slice_util.sliceInfo(
    [...x.shape],
    [...call.numbers("begin")],
    [...call.numbers("end")],
    [...(call.someNumbers("strides") ?? call.numbers("begin").map(() => 1))],
    mask("beginMask"),
    mask("endMask"),
    mask("ellipsisMask"),
    mask("newAxisMask"),
    mask("shrinkAxisMask")
  )
  const ranges = info.begin.map((begin, axis) => {
    const [end, step] = [info.end[axis] ?? 0, info.strides[axis] ?? 1]
    // An empty range may begin outside, which ONNX would count from the other side.
    return Math.sign(end - begin) === Math.sign(step)
      ? { axis, begin, end, step }
      : { axis, begin: 0, end: 0 }
  })
  return ops.reshape(call.graph, ops.slice(call.graph, x, ranges), info.finalShape)
}

/** Lengths of the parts along an axis; at most one is -1, which stands for what is left. */
const partsOf = (call: Call, length: number): ReadonlyArray<number> => {
  const given = call.raw("numOrSizeSplits")
  if (typeof given === "number") return Array(given).fill(length / given)
  const sizes = call.numbers("numOrSizeSplits")
  const known = sizes.reduce((sum, size) => sum + Math.max(0, size), 0)
  return sizes.map((size) => (size < 0 ? length - known : size))
}

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
    return withOne(call, x, dim < 0 ? x.shape.length + 1 + dim : dim)
  },
  Slice: (call) => {
    const x = call.input("x")
    const sizes = call.someNumbers("size") ?? []
    const ranges = call.numbers("begin").map((begin, axis) => {
      const size = sizes[axis] ?? -1
      return { axis, begin, end: size < 0 ? (x.shape[axis] ?? 0) : begin + size }
    })
    return ops.slice(call.graph, x, ranges)
  },
  StridedSlice: stridedSlice,
  Reverse: (call) => {
    const x = call.input("x")
    return reversed(call, x, util.parseAxisParam([...call.numbers("dims")], [...x.shape]))
  },
  FlipLeftRight: (call) => reversed(call, call.input("image"), [2]),
  Transpose: (call) => ops.transpose(call.graph, call.input("x"), call.numbers("perm")),

  Concat: (call) => {
    const values = call.list()
    return ops.concat(call.graph, values, axisOf(call, values[0]?.shape.length ?? 0, 0))
  },
  Pack: (call) => {
    const values = call.list()
    const axis = axisOf(call, (values[0]?.shape.length ?? 0) + 1, 0)
    return ops.concat(
      call.graph,
      values.map((value) => withOne(call, value, axis)),
      axis
    )
  },
  Unpack: (call) => {
    const x = call.input("value")
    const axis = axisOf(call, x.shape.length, 0)
    const rest = x.shape.filter((_, at) => at !== axis)
    const ones = Array<number>(x.shape[axis] ?? 1).fill(1)
    return ops.split(call.graph, x, ones, axis).map((part) => ops.reshape(call.graph, part, rest))
  },
  SplitV: (call) => {
    const x = call.input("x")
    const axis = axisOf(call, x.shape.length, 0)
    return ops.split(call.graph, x, partsOf(call, x.shape[axis] ?? 1), axis)
  },

  Tile: (call) => {
    const x = call.input("x")
    const times = call.numbers("reps")
    const shape = x.shape.map((size, axis) => size * (times[axis] ?? 1))
    // What is repeated is one element or stays as it is.
    if (x.shape.every((size, axis) => size === 1 || times[axis] === 1))
      return ops.expand(call.graph, x, shape)
    return call.graph.op("Tile", [x, ops.integers(call.graph, times)], { type: x.type, shape })
  }
}
