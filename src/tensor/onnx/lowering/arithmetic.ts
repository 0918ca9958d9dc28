/** Functions of two tensors, comparisons and logic, element by element. */
import type { Value } from "../graph.ts"
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** ONNX does not calculate with booleans; as in TensorFlow.js, the result of two of them is one. */
const of =
  (write: (call: Call, a: Value, b: Value) => Value): Lowering =>
  (call) => {
    const [a, b] = [call.input("a"), call.input("b")]
    const result = write(call, numeric(call, a), numeric(call, b))
    return a.type === "bool" ? ops.cast(call.graph, result, "bool") : result
  }

const numeric = ({ graph }: Call, x: Value): Value => (x.type === "bool" ? ops.cast(graph, x, "int32") : x)

const same = (op: string): Lowering => of((call, a, b) => ops.binary(call.graph, op, a, b))

const comparison =
  (op: string): Lowering =>
  (call) =>
    ops.compare(call.graph, op, numeric(call, call.input("a")), numeric(call, call.input("b")))

const logic =
  (op: "And" | "Or"): Lowering =>
  (call) =>
    ops.compare(
      call.graph,
      op,
      ops.cast(call.graph, call.input("a"), "bool"),
      ops.cast(call.graph, call.input("b"), "bool")
    )

const remainder = ({ graph }: Call, a: Value, b: Value): Value =>
  graph.op(
    "Mod",
    [a, b],
    { type: a.type, shape: ops.broadcast(a.shape, b.shape) },
    { fmod: a.type === "float32" ? 1 : 0 }
  )

/** The remainder has the divisor's sign. */
const floorMod = (call: Call, a: Value, b: Value): Value => {
  const { graph } = call
  if (a.type !== "float32") {
    const [wideA, divisor] = [ops.cast(graph, a, "int64"), safeDivisor(call, b)]
    return ops.cast(graph, remainder(call, wideA, divisor), a.type)
  }
  const zero = ops.float(graph, 0)
  const rest = remainder(call, a, b)
  const sameSign = ops.compare(
    graph,
    "Equal",
    ops.compare(graph, "Less", a, zero),
    ops.compare(graph, "Less", b, zero)
  )
  return ops.where(graph, sameSign, rest, remainder(call, ops.add(graph, rest, b), b))
}

/** The processor stops the program at a division by integer zero, and at -2^31 by -1 in 32 bits. */
const safeDivisor = ({ graph }: Call, b: Value): Value => {
  const one = ops.scalar(graph, 1, "int64")
  return ops.where(graph, isZero(graph, b), one, ops.cast(graph, b, "int64"))
}

const isZero = (graph: Call["graph"], x: Value): Value =>
  ops.compare(graph, "Equal", x, ops.scalar(graph, 0, x.type))

/** Division that rounds down. The quotient is an integer; that by zero is 0. */
const floorDivide = (call: Call, a: Value, b: Value): Value => {
  const { graph } = call
  if (a.type === "float32") {
    // Rounding the quotient of floats could carry it over the next whole number.
    const rest = floorMod(call, a, b)
    const whole = ops.unary(graph, "Round", ops.div(graph, ops.sub(graph, a, rest), b))
    return ops.cast(graph, ops.where(graph, isZero(graph, b), ops.float(graph, 0), whole), "int32")
  }
  const [wideA, divisor] = [ops.cast(graph, a, "int64"), safeDivisor(call, b)]
  const quotient = ops.div(graph, ops.sub(graph, wideA, remainder(call, wideA, divisor)), divisor)
  const zero = ops.scalar(graph, 0, "int64")
  return ops.cast(graph, ops.where(graph, isZero(graph, b), zero, quotient), "int32")
}

/** The angle of the point (b, a). ONNX has only that of a quotient, which is right in the right half plane. */
const atan2 = ({ graph }: Call, y: Value, x: Value): Value => {
  const zero = ops.float(graph, 0)
  const half = ops.float(graph, Math.PI / 2)
  const full = ops.float(graph, Math.PI)
  const angle = ops.unary(graph, "Atan", ops.div(graph, y, x))
  const turn = ops.where(graph, ops.compare(graph, "Less", y, zero), ops.unary(graph, "Neg", full), full)
  const left = ops.add(graph, angle, turn)
  const upright = ops.mul(graph, ops.unary(graph, "Sign", y), half)
  const beside = ops.where(graph, ops.compare(graph, "Less", x, zero), left, angle)
  return ops.where(graph, ops.compare(graph, "Equal", x, zero), upright, beside)
}

const throughFloat =
  (write: (call: Call, a: Value, b: Value) => Value) =>
  (call: Call, a: Value, b: Value): Value =>
    ops.cast(
      call.graph,
      write(call, ops.cast(call.graph, a, "float32"), ops.cast(call.graph, b, "float32")),
      a.type
    )

export const arithmetic: Lowerings = {
  Add: same("Add"),
  Sub: same("Sub"),
  Multiply: same("Mul"),
  Maximum: same("Max"),
  Minimum: same("Min"),
  Pow: same("Pow"),
  Mod: of(floorMod),
  FloorDiv: of(floorDivide),
  RealDiv: of(throughFloat((call, a, b) => ops.div(call.graph, a, b))),
  Atan2: of(throughFloat(atan2)),
  SquaredDifference: of((call, a, b) => {
    const difference = ops.sub(call.graph, a, b)
    return ops.mul(call.graph, difference, difference)
  }),
  AddN: (call) => call.list().reduce((sum, value) => ops.add(call.graph, sum, value)),

  Equal: comparison("Equal"),
  NotEqual: (call) =>
    ops.not(
      call.graph,
      ops.compare(call.graph, "Equal", numeric(call, call.input("a")), numeric(call, call.input("b")))
    ),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: logic("And"),
  LogicalOr: logic("Or"),

  Select: (call) => {
    // The condition may be one flag for each row.
    const [condition, t, e] = [call.input("condition"), call.input("t"), call.input("e")]
    const shape = condition.shape.concat(Array(Math.max(0, t.shape.length - condition.shape.length)).fill(1))
    return ops.where(call.graph, ops.reshape(call.graph, condition, shape), t, e)
  }
}
