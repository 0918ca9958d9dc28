/** Sums, extremes, and what is made of them. */
import { util } from "@tensorflow/tfjs-core"
import type { Value } from "../graph.ts"
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** Kernels call their axes by different names; without a name, all of them. */
const axesOf = (call: Call, x: Value): Array<number> => {
  const given =
    call.someNumbers("reductionIndices") ?? call.someNumbers("axis") ?? x.shape.map((_, axis) => axis)
  return util.parseAxisParam([...given], [...x.shape])
}

const reduction =
  (kind: "Sum" | "Max" | "Min" | "Mean" | "Prod"): Lowering =>
  (call) => {
    const x = call.input("x")
    const counted = x.type === "bool" ? ops.cast(call.graph, x, "int32") : x
    return ops.reduce(call.graph, kind, counted, axesOf(call, x), call.flag("keepDims"))
  }

const flags =
  (kind: "Max" | "Min"): Lowering =>
  (call) => {
    const x = ops.cast(call.graph, call.input("x"), "int32")
    return ops.cast(
      call.graph,
      ops.reduce(call.graph, kind, x, axesOf(call, x), call.flag("keepDims")),
      "bool"
    )
  }

const argument =
  (op: "ArgMax" | "ArgMin"): Lowering =>
  (call) => {
    const x = call.input("x")
    const [axis = 0] = axesOf(call, x)
    const shape = x.shape.filter((_, at) => at !== axis)
    const found = call.graph.op(op, [x], { type: "int64", shape }, { axis, keepdims: 0 })
    return ops.cast(call.graph, found, "int32")
  }

const overLast =
  (op: "Softmax" | "LogSoftmax"): Lowering =>
  (call) =>
    ops.unary(call.graph, op, call.input("logits"), { axis: -1 })

export const reductions: Lowerings = {
  Sum: reduction("Sum"),
  Max: reduction("Max"),
  Min: reduction("Min"),
  Mean: reduction("Mean"),
  Prod: reduction("Prod"),
  All: flags("Min"),
  Any: flags("Max"),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Softmax: overLast("Softmax"),
  LogSoftmax: overLast("LogSoftmax")
}
