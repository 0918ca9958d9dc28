/** Padding, and exchanges between pixels, channels and the batch. */
import { backend_util } from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"
import { UnsupportedStep } from "../unsupported-step.ts"

type Pair = readonly [number, number]

const isPairs = Schema.is(Schema.Array(Schema.Tuple([Schema.Number, Schema.Number])))

const pairsOf = (call: Call, name: string): ReadonlyArray<Pair> => {
  const pairs = call.raw(name)
  if (isPairs(pairs)) return pairs
  throw new UnsupportedStep(
    `\`${call.kernel}\` has ${name} ${JSON.stringify(pairs)}`,
    "give pairs of numbers"
  )
}

const padded = (call: Call, x: Value, pairs: ReadonlyArray<Pair>, value: number): Value => {
  const before = x.shape.map((_, axis) => pairs[axis]?.[0] ?? 0)
  const after = x.shape.map((_, axis) => pairs[axis]?.[1] ?? 0)
  return ops.pad(call.graph, x, before, after, value)
}

/** @param edge whether the outermost element is mirrored too */
const mirrored = (call: Call, x: Value, pairs: ReadonlyArray<Pair>, edge: boolean): Value =>
  pairs.reduce((part, [before, after], axis) => {
    if (before === 0 && after === 0) return part
    const size = x.shape[axis] ?? 1
    const offset = edge ? 1 : 0
    const index = Int32Array.from({ length: before + size + after }, (_, at) => {
      const position = at - before
      if (position < 0) return -position - offset
      return position < size ? position : 2 * (size - 1) - position + offset
    })
    return ops.gather(call.graph, part, call.graph.constant(index), axis)
  }, x)

export const blocks: Lowerings = {
  PadV2: (call) => padded(call, call.input("x"), pairsOf(call, "paddings"), call.number("constantValue", 0)),

  MirrorPad: (call) =>
    mirrored(call, call.input("x"), pairsOf(call, "paddings"), call.text("mode") === "symmetric"),

  SpaceToBatchND: (call) => {
    const x = call.input("x")
    const block = [...call.numbers("blockShape")]
    const count = ops.sizeOf(block)
    const around = padded(call, x, [[0, 0], ...pairsOf(call, "paddings")], 0)
    const shape = [...around.shape]
    const apart = backend_util.getReshaped(shape, block, count, false)
    const order = backend_util.getPermuted(apart.length, block.length, false)
    const turned = ops.transpose(call.graph, ops.reshape(call.graph, around, apart), order)
    return ops.reshape(call.graph, turned, backend_util.getReshapedPermuted(shape, block, count, false))
  },

  BatchToSpaceND: (call) => {
    const x = call.input("x")
    const block = [...call.numbers("blockShape")]
    const count = ops.sizeOf(block)
    const shape = [...x.shape]
    const apart = backend_util.getReshaped(shape, block, count)
    const order = backend_util.getPermuted(apart.length, block.length)
    const turned = ops.transpose(call.graph, ops.reshape(call.graph, x, apart), order)
    const whole = ops.reshape(call.graph, turned, backend_util.getReshapedPermuted(shape, block, count))
    const ranges = pairsOf(call, "crops").map(([before, after], at) => {
      const axis = at + 1
      return { axis, begin: before, end: (whole.shape[axis] ?? 0) - after }
    })
    return ops.slice(call.graph, whole, ranges)
  },

  DepthToSpace: (call) => {
    if (call.text("dataFormat", "NHWC") !== "NHWC")
      throw new UnsupportedStep(`\`DepthToSpace\` has images in ${call.text("dataFormat")}`, "use NHWC")
    const x = call.input("x")
    const [n = 1, height = 1, width = 1, channels = 1] = x.shape
    const block = call.number("blockSize")
    const depth = channels / block ** 2
    const apart = ops.reshape(call.graph, x, [n, height, width, block, block, depth])
    const turned = ops.transpose(call.graph, apart, [0, 1, 3, 2, 4, 5])
    return ops.reshape(call.graph, turned, [n, height * block, width * block, depth])
  }
}
