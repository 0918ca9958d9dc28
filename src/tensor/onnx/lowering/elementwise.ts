/** Functions of single elements, comparisons and logic. */
import type { Value, ValueType } from "../graph.ts"
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** An ONNX operation of one operand that is the kernel's very function. */
const same =
  (op: string): Lowering =>
  (call) =>
    ops.unary(call.graph, op, call.input("x"))

/** A function written with other operations. */
const of =
  (write: (call: Call, x: Value) => Value): Lowering =>
  (call) =>
    write(call, call.input("x"))

const two =
  (op: string): Lowering =>
  (call) =>
    ops.binary(call.graph, op, call.input("a"), call.input("b"))

const twoOf =
  (write: (call: Call, a: Value, b: Value) => Value): Lowering =>
  (call) =>
    write(call, call.input("a"), call.input("b"))

const comparison =
  (op: string): Lowering =>
  (call) =>
    // ONNX compares booleans only for equality.
    ops.compare(call.graph, op, comparable(call, call.input("a")), comparable(call, call.input("b")))

const comparable = (call: Call, x: Value): Value => (x.type === "bool" ? ops.cast(call.graph, x, "int32") : x)

const number = ({ graph }: Call, value: number, type: ValueType = "float32"): Value =>
  ops.cast(graph, ops.float(graph, value), type)

/** Division that rounds down, of integers; in floating point it is exact below 2^24, as in TensorFlow.js. */
const floorDivide = (call: Call, a: Value, b: Value): Value => {
  const quotient = ops.div(call.graph, ops.cast(call.graph, a, "float32"), ops.cast(call.graph, b, "float32"))
  return ops.cast(call.graph, ops.unary(call.graph, "Floor", quotient), a.type)
}

/** The remainder has the divisor's sign. */
const floorMod = (call: Call, a: Value, b: Value): Value => {
  const quotient = ops.unary(
    call.graph,
    "Floor",
    ops.div(call.graph, ops.cast(call.graph, a, "float32"), ops.cast(call.graph, b, "float32"))
  )
  return ops.sub(call.graph, a, ops.mul(call.graph, ops.cast(call.graph, quotient, a.type), b))
}

const scaleSelu = 1.0507009873554805
const alphaSelu = 1.6732632423543772

export const elementwise: Lowerings = {
  Abs: same("Abs"),
  Acos: same("Acos"),
  Acosh: same("Acosh"),
  Asin: same("Asin"),
  Asinh: same("Asinh"),
  Atan: same("Atan"),
  Atanh: same("Atanh"),
  Ceil: same("Ceil"),
  Cos: same("Cos"),
  Cosh: same("Cosh"),
  Elu: same("Elu"),
  Erf: same("Erf"),
  Exp: same("Exp"),
  Floor: same("Floor"),
  IsNan: (call) => call.graph.op("IsNaN", [call.input("x")], { type: "bool", shape: call.input("x").shape }),
  IsInf: (call) => call.graph.op("IsInf", [call.input("x")], { type: "bool", shape: call.input("x").shape }),
  Log: same("Log"),
  Neg: same("Neg"),
  Reciprocal: same("Reciprocal"),
  Relu: same("Relu"),
  Round: same("Round"),
  Sigmoid: same("Sigmoid"),
  Sign: same("Sign"),
  Sin: same("Sin"),
  Sinh: same("Sinh"),
  Softplus: same("Softplus"),
  Sqrt: same("Sqrt"),
  Tan: same("Tan"),
  Tanh: same("Tanh"),
  LogicalNot: same("Not"),

  Expm1: of((call, x) => ops.sub(call.graph, ops.unary(call.graph, "Exp", x), number(call, 1))),
  Log1p: of((call, x) => ops.unary(call.graph, "Log", ops.add(call.graph, x, number(call, 1)))),
  Relu6: of((call, x) => call.graph.op("Clip", [x, number(call, 0), number(call, 6)], x)),
  Rsqrt: of((call, x) => ops.unary(call.graph, "Reciprocal", ops.unary(call.graph, "Sqrt", x))),
  Square: of((call, x) => ops.mul(call.graph, x, x)),
  Selu: of((call, x) =>
    ops.unary(call.graph, "Selu", x, { alpha: { float: alphaSelu }, gamma: { float: scaleSelu } })
  ),
  LeakyRelu: of((call, x) =>
    ops.unary(call.graph, "LeakyRelu", x, { alpha: { float: call.number("alpha") } })
  ),
  IsFinite: of((call, x) => {
    const bad = ops.or(
      call.graph,
      call.graph.op("IsNaN", [x], { type: "bool", shape: x.shape }),
      call.graph.op("IsInf", [x], { type: "bool", shape: x.shape })
    )
    return ops.not(call.graph, bad)
  }),
  /** 1 above zero, `alpha` below. */
  Step: of((call, x) => {
    const alpha = call.number("alpha", 0)
    const above = ops.step(call.graph, x)
    if (alpha === 0) return above
    return ops.where(
      call.graph,
      ops.compare(call.graph, "Greater", x, number(call, 0)),
      number(call, 1),
      number(call, alpha)
    )
  }),
  ClipByValue: of((call, x) => {
    const low = number(call, call.number("clipValueMin"), x.type)
    const high = number(call, call.number("clipValueMax"), x.type)
    return call.graph.op("Clip", [x, low, high], x)
  }),
  EluGrad: (call) => {
    // dy where y >= 0, else dy (y + 1)
    const [dy, y] = [call.input("dy"), call.input("y")]
    const below = ops.add(call.graph, ops.binary(call.graph, "Min", y, number(call, 0)), number(call, 1))
    return ops.mul(call.graph, dy, below)
  },
  Prelu: (call) => ops.binary(call.graph, "PRelu", call.input("x"), call.input("alpha")),

  Add: two("Add"),
  Sub: two("Sub"),
  Multiply: two("Mul"),
  RealDiv: two("Div"),
  Maximum: two("Max"),
  Minimum: two("Min"),
  FloorDiv: twoOf(floorDivide),
  Mod: twoOf(floorMod),
  Pow: two("Pow"),
  SquaredDifference: twoOf((call, a, b) => {
    const difference = ops.sub(call.graph, a, b)
    return ops.mul(call.graph, difference, difference)
  }),
  AddN: (call) => call.list().reduce((sum, value) => ops.add(call.graph, sum, value)),

  Equal: comparison("Equal"),
  NotEqual: (call) =>
    ops.not(
      call.graph,
      ops.compare(call.graph, "Equal", comparable(call, call.input("a")), comparable(call, call.input("b")))
    ),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: twoOf((call, a, b) => ops.and(call.graph, a, b)),
  LogicalOr: twoOf((call, a, b) => ops.or(call.graph, a, b)),

  Identity: (call) => call.input("x"),
  Cast: (call) => ops.cast(call.graph, call.input("x"), call.type("dtype")),
  OnesLike: of((call, x) => ops.filled(call.graph, 1, x.shape, x.type)),
  ZerosLike: of((call, x) => ops.filled(call.graph, 0, x.shape, x.type)),
  Fill: (call) =>
    ops.filled(call.graph, call.number("value"), call.numbers("shape"), call.type("dtype", "float32")),
  Select: (call) => {
    // The condition may be one flag for each row.
    const [condition, t, e] = [call.input("condition"), call.input("t"), call.input("e")]
    const shape = condition.shape.concat(Array(Math.max(0, t.shape.length - condition.shape.length)).fill(1))
    return ops.where(call.graph, ops.reshape(call.graph, condition, shape), t, e)
  }
}
