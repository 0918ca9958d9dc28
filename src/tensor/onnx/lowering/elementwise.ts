/**
 * Functions of one tensor, element by element.
 *
 * The result is of the operand's type, as TensorFlow.js has it; functions of real numbers compute in float32 in between.
 */
import type { Value } from "../graph.ts"
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** A function of numbers, written with other operations. */
const of =
  (write: (call: Call, x: Value) => Value): Lowering =>
  (call) => {
    const x = call.input("x")
    if (x.type !== "bool") return write(call, x)
    return ops.cast(call.graph, write(call, ops.cast(call.graph, x, "int32")), "bool")
  }

/** An ONNX operation that is the kernel's very function, for integers too. */
const same = (op: string): Lowering => of((call, x) => ops.unary(call.graph, op, x))

/** A function of real numbers. */
const real =
  (write: (call: Call, x: Value) => Value): Lowering =>
  (call) => {
    const x = call.input("x")
    return ops.cast(call.graph, write(call, ops.cast(call.graph, x, "float32")), x.type)
  }

const sameReal = (op: string): Lowering => real((call, x) => ops.unary(call.graph, op, x))

/** Integers are whole already. */
const rounding = (op: string): Lowering =>
  of((call, x) => (x.type === "float32" ? ops.unary(call.graph, op, x) : x))

const test =
  (write: (call: Call, x: Value) => Value): Lowering =>
  (call) =>
    write(call, ops.cast(call.graph, call.input("x"), "float32"))

const flag = (op: string, { graph }: Call, x: Value): Value =>
  graph.op(op, [x], { type: "bool", shape: x.shape })

const number = ({ graph }: Call, value: number): Value => ops.float(graph, value)

const scaleSelu = 1.0507009873554805
const alphaSelu = 1.6732632423543772

export const leakyRelu = (call: Call, x: Value, alpha: number): Value =>
  ops.unary(call.graph, "LeakyRelu", ops.cast(call.graph, x, "float32"), { alpha: { float: alpha } })

/** The slope may have any shape that stretches to fit x, or that x stretches to fit. */
export const prelu = ({ graph }: Call, x: Value, alpha: Value): Value => {
  const below = ops.compare(graph, "Less", x, ops.scalar(graph, 0, x.type))
  return ops.where(graph, below, ops.mul(graph, x, alpha), x)
}

export const relu6 = ({ graph }: Call, x: Value): Value =>
  graph.op("Clip", [x, ops.scalar(graph, 0, x.type), ops.scalar(graph, 6, x.type)], x)

/** `exp(x) - 1` without cancellation near zero: tanh(x/2) (exp(x) + 1). */
const expm1 = (call: Call, x: Value): Value => {
  const { graph } = call
  const half = ops.unary(graph, "Tanh", ops.mul(graph, x, number(call, 0.5)))
  return ops.mul(graph, half, ops.add(graph, ops.unary(graph, "Exp", x), number(call, 1)))
}

/**
 * `log(1 + x)` without the rounding of 1 + x near zero: with u that rounded sum, log(u) x / (u - 1).
 *
 * @see Goldberg, What Every Computer Scientist Should Know About Floating-Point Arithmetic (1991), theorem 4
 */
const log1p = (call: Call, x: Value): Value => {
  const { graph } = call
  const one = number(call, 1)
  const sum = ops.add(graph, x, one)
  const log = ops.unary(graph, "Log", sum)
  const rounded = ops.sub(graph, sum, one)
  const near = ops.div(graph, ops.mul(graph, log, x), rounded)
  const tiny = ops.compare(graph, "Equal", rounded, number(call, 0))
  const large = ops.compare(graph, "Greater", x, one)
  return ops.where(graph, tiny, x, ops.where(graph, large, log, near))
}

export const elementwise: Lowerings = {
  Abs: same("Abs"),
  Neg: same("Neg"),
  Relu: same("Relu"),
  Sign: same("Sign"),
  Ceil: rounding("Ceil"),
  Floor: rounding("Floor"),
  Round: rounding("Round"),
  Square: of((call, x) => ops.mul(call.graph, x, x)),
  Relu6: of(relu6),

  Acos: sameReal("Acos"),
  Acosh: sameReal("Acosh"),
  Asin: sameReal("Asin"),
  Asinh: sameReal("Asinh"),
  Atan: sameReal("Atan"),
  Atanh: sameReal("Atanh"),
  Cos: sameReal("Cos"),
  Cosh: sameReal("Cosh"),
  Elu: sameReal("Elu"),
  Erf: sameReal("Erf"),
  Log: sameReal("Log"),
  Reciprocal: sameReal("Reciprocal"),
  Sigmoid: sameReal("Sigmoid"),
  Sin: sameReal("Sin"),
  Sinh: sameReal("Sinh"),
  Softplus: sameReal("Softplus"),
  Sqrt: sameReal("Sqrt"),
  Tan: sameReal("Tan"),
  Tanh: sameReal("Tanh"),
  Expm1: real(expm1),
  Log1p: real(log1p),
  Rsqrt: real((call, x) => ops.unary(call.graph, "Reciprocal", ops.unary(call.graph, "Sqrt", x))),
  Selu: real((call, x) =>
    ops.unary(call.graph, "Selu", x, { alpha: { float: alphaSelu }, gamma: { float: scaleSelu } })
  ),
  /** The one function whose result is always float32. */
  Exp: (call) => ops.unary(call.graph, "Exp", ops.cast(call.graph, call.input("x"), "float32")),

  LogicalNot: (call) => ops.not(call.graph, ops.cast(call.graph, call.input("x"), "bool")),
  IsNan: test((call, x) => flag("IsNaN", call, x)),
  IsInf: test((call, x) => flag("IsInf", call, x)),
  IsFinite: test((call, x) =>
    ops.not(call.graph, ops.or(call.graph, flag("IsNaN", call, x), flag("IsInf", call, x)))
  ),

  LeakyRelu: (call) => leakyRelu(call, call.input("x"), call.number("alpha")),
  Prelu: (call) => prelu(call, call.input("x"), call.input("alpha")),

  /** 1 above zero, `alpha` elsewhere: for NaN too, which TensorFlow.js keeps. */
  Step: of((call, x) => {
    const alpha = call.number("alpha", 0)
    const above = ops.step(call.graph, x)
    if (alpha === 0) return ops.cast(call.graph, above, x.type)
    const positive = ops.compare(call.graph, "Greater", x, ops.scalar(call.graph, 0, x.type))
    return ops.where(
      call.graph,
      positive,
      ops.scalar(call.graph, 1, x.type),
      ops.scalar(call.graph, alpha, x.type)
    )
  }),

  ClipByValue: of((call, x) => {
    const low = ops.scalar(call.graph, call.number("clipValueMin"), x.type)
    const high = ops.scalar(call.graph, call.number("clipValueMax"), x.type)
    return call.graph.op("Clip", [x, low, high], x)
  }),

  EluGrad: (call) => {
    // dy where y >= 0, else dy (y + 1)
    const [dy, y] = [call.input("dy"), call.input("y")]
    const below = ops.add(call.graph, ops.binary(call.graph, "Min", y, number(call, 0)), number(call, 1))
    return ops.mul(call.graph, dy, below)
  },

  Identity: (call) => call.input("x"),
  Cast: (call) => ops.cast(call.graph, call.input("x"), call.type("dtype"))
}
