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

const numeric = ({ graph }: Call, x: Value): Value => (x.type === "bool" ? ops.cast(graph, x, "int32") : x)

type Kind = "Sum" | "Max" | "Min" | "Mean" | "Prod"

const reduced = (call: Call, kind: Kind, x: Value): Value =>
  ops.reduce(call.graph, kind, x, axesOf(call, x), call.flag("keepDims"))

/** The number of true elements, if they are booleans. */
const total =
  (kind: "Sum" | "Prod"): Lowering =>
  (call) =>
    reduced(call, kind, numeric(call, call.input("x")))

/** One of the elements, so it has their type. */
const extreme =
  (kind: "Max" | "Min"): Lowering =>
  (call) => {
    const x = call.input("x")
    const found = reduced(call, kind, numeric(call, x))
    return x.type === "float32" ? orNaN(call, x, found) : ops.cast(call.graph, found, x.type)
  }

/** ONNX Runtime passes over some that are no numbers, and a run that diverges would look sound. */
const orNaN = (call: Call, x: Value, found: Value): Value => {
  const { graph } = call
  const lost = graph.op("IsNaN", [x], { type: "bool", shape: x.shape })
  const any = ops.cast(graph, reduced(call, "Max", ops.cast(graph, lost, "float32")), "bool")
  return ops.where(graph, any, ops.float(graph, Number.NaN), found)
}

const argument =
  (op: "ArgMax" | "ArgMin"): Lowering =>
  (call) => {
    const x = numeric(call, call.input("x"))
    const [axis = 0] = axesOf(call, x)
    const shape = x.shape.filter((_, at) => at !== axis)
    const found = call.graph.op(op, [x], { type: "int64", shape }, { axis, keepdims: 0 })
    return ops.cast(call.graph, found, "int32")
  }

export const reductions: Lowerings = {
  Sum: total("Sum"),
  Prod: total("Prod"),
  Max: extreme("Max"),
  Min: extreme("Min"),
  All: extreme("Min"),
  Any: extreme("Max"),
  Mean: (call) => reduced(call, "Mean", ops.cast(call.graph, call.input("x"), "float32")),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Softmax: (call) =>
    ops.unary(call.graph, "Softmax", ops.cast(call.graph, call.input("logits"), "float32"), { axis: -1 })
}
