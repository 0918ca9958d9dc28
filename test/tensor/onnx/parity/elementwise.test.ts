/** Functions of single elements. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { agree } from "./agree.ts"
import { a, between, flags, floats, noGradient, oneOf, whole } from "./case.ts"
import { shapeOf } from "./shapes.ts"

const infinities = [0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const special = [...infinities, Number.NaN]

describe("functions of single elements are those of TensorFlow.js", () => {
  it.effect("of real numbers, with their gradients", () =>
    agree(shapeOf(0, 4), (shape) => [
      a("abs", { x: floats(shape) }, ({ x }) => tf.abs(x)),
      a("acos", { x: between(shape, -0.9, 0.9) }, ({ x }) => tf.acos(x)),
      a("acosh", { x: between(shape, 1.1, 5) }, ({ x }) => tf.acosh(x)),
      a("asin", { x: between(shape, -0.9, 0.9) }, ({ x }) => tf.asin(x)),
      a("asinh", { x: floats(shape) }, ({ x }) => tf.asinh(x)),
      a("atan", { x: floats(shape) }, ({ x }) => tf.atan(x)),
      a("atanh", { x: between(shape, -0.9, 0.9) }, ({ x }) => tf.atanh(x)),
      a("ceil", { x: floats(shape) }, ({ x }) => tf.ceil(x)),
      a("clipByValue", { x: floats(shape) }, ({ x }) => tf.clipByValue(x, -0.5, 1)),
      a("cos", { x: floats(shape) }, ({ x }) => tf.cos(x)),
      a("cosh", { x: floats(shape) }, ({ x }) => tf.cosh(x)),
      a("elu", { x: floats(shape) }, ({ x }) => tf.elu(x)),
      a("erf", { x: floats(shape) }, ({ x }) => tf.erf(x)),
      a("exp", { x: floats(shape) }, ({ x }) => tf.exp(x)),
      a("expm1", { x: floats(shape) }, ({ x }) => tf.expm1(x)),
      a("floor", { x: floats(shape) }, ({ x }) => tf.floor(x)),
      a("leakyRelu", { x: floats(shape) }, ({ x }) => tf.leakyRelu(x, 0.3)),
      a("log", { x: between(shape, 0.1, 5) }, ({ x }) => tf.log(x)),
      a("log1p", { x: between(shape, -0.9, 5) }, ({ x }) => tf.log1p(x)),
      a("logSigmoid", { x: floats(shape) }, ({ x }) => tf.logSigmoid(x)),
      a("neg", { x: floats(shape) }, ({ x }) => tf.neg(x)),
      a("reciprocal", { x: oneOf(shape, [0.5, 1, -2, 3]) }, ({ x }) => tf.reciprocal(x)),
      a("relu", { x: floats(shape) }, ({ x }) => tf.relu(x)),
      a("relu6", { x: oneOf(shape, [-1, 0, 0.5, 5, 6, 7]) }, ({ x }) => tf.relu6(x)),
      a("round", { x: oneOf(shape, [-2.5, -1.5, -0.5, 0.3, 0.5, 1.5, 2.5, 2.7]) }, ({ x }) => tf.round(x)),
      a("rsqrt", { x: between(shape, 0.1, 5) }, ({ x }) => tf.rsqrt(x)),
      a("selu", { x: floats(shape) }, ({ x }) => tf.selu(x)),
      a("sigmoid", { x: between(shape, -30, 30) }, ({ x }) => tf.sigmoid(x)),
      a("sign", { x: floats(shape) }, ({ x }) => tf.sign(x)),
      a("sin", { x: floats(shape) }, ({ x }) => tf.sin(x)),
      a("sinh", { x: floats(shape) }, ({ x }) => tf.sinh(x)),
      a("softplus", { x: between(shape, -30, 30) }, ({ x }) => tf.softplus(x)),
      a("sqrt", { x: between(shape, 0.1, 5) }, ({ x }) => tf.sqrt(x)),
      a("square", { x: floats(shape) }, ({ x }) => tf.square(x)),
      a("step", { x: floats(shape) }, ({ x }) => tf.step(x)),
      a("step with a slope", { x: floats(shape) }, ({ x }) => tf.step(x, 0.25)),
      a("tan", { x: between(shape, -1.4, 1.4) }, ({ x }) => tf.tan(x)),
      a("tanh", { x: floats(shape) }, ({ x }) => tf.tanh(x)),
      a("onesLike", { x: floats(shape) }, ({ x }) => tf.onesLike(x)),
      a("zerosLike", { x: floats(shape) }, ({ x }) => tf.zerosLike(x))
    ])
  )

  it.effect("of integers and booleans", () =>
    agree(shapeOf(0, 3), (shape) => [
      a("abs", { x: whole(shape, -5, 5) }, ({ x }) => tf.abs(x)),
      a("clipByValue", { x: whole(shape, -5, 5) }, ({ x }) => tf.clipByValue(x, -2, 3)),
      a("logicalNot", { x: flags(shape) }, ({ x }) => tf.logicalNot(x)),
      a("neg", { x: whole(shape, -5, 5) }, ({ x }) => tf.neg(x)),
      a("onesLike", { x: whole(shape, -5, 5) }, ({ x }) => tf.onesLike(x)),
      a("relu", { x: whole(shape, -5, 5) }, ({ x }) => tf.relu(x)),
      a("relu6", { x: whole(shape, -5, 9) }, ({ x }) => tf.relu6(x)),
      a("sign", { x: whole(shape, -2, 3) }, ({ x }) => tf.sign(x)),
      a("square", { x: whole(shape, -5, 5) }, ({ x }) => tf.square(x)),
      a("step", { x: whole(shape, -5, 5) }, ({ x }) => tf.step(x)),
      a("zerosLike", { x: flags(shape) }, ({ x }) => tf.zerosLike(x))
    ])
  )

  it.effect("casts cut off fractions, and what is not zero is true", () =>
    agree(shapeOf(0, 3), (shape) => [
      a("float to int", { x: between(shape, -3, 3) }, ({ x }) => tf.cast(x, "int32")),
      a("float to bool", { x: oneOf(shape, [0, 0.1, -2, Number.NaN]) }, ({ x }) => tf.cast(x, "bool")),
      a("int to float", { x: whole(shape, -3, 3) }, ({ x }) => tf.cast(x, "float32")),
      a("int to bool", { x: whole(shape, -3, 3) }, ({ x }) => tf.cast(x, "bool")),
      a("bool to float", { x: flags(shape) }, ({ x }) => tf.cast(x, "float32")),
      a("bool to int", { x: flags(shape) }, ({ x }) => tf.cast(x, "int32")),
      a("float to float", { x: floats(shape) }, ({ x }) => tf.cast(x, "float32"))
    ])
  )

  it.effect("of numbers close to zero, without cancellation", () =>
    agree(shapeOf(1, 2), (shape) => [
      a("expm1", { x: between(shape, -1e-4, 1e-4) }, ({ x }) => tf.mul(tf.expm1(x), 1e4)),
      a("log1p", { x: between(shape, -1e-4, 1e-4) }, ({ x }) => tf.mul(tf.log1p(x), 1e4))
    ])
  )

  // Long enough for vector instructions, and for what is left over after them.
  it.effect("of infinities and what is no number", () =>
    agree(fc.constantFrom([3], [67]), (shape) => [
      a("abs", { x: oneOf(shape, special) }, ({ x }) => tf.abs(x), noGradient),
      a("asinh", { x: oneOf(shape, [0, 1, -1, Number.NaN]) }, ({ x }) => tf.asinh(x), noGradient),
      a("atan", { x: oneOf(shape, special) }, ({ x }) => tf.atan(x), noGradient),
      a("ceil", { x: oneOf(shape, special) }, ({ x }) => tf.ceil(x), noGradient),
      a("clipByValue", { x: oneOf(shape, special) }, ({ x }) => tf.clipByValue(x, -0.5, 1), noGradient),
      a("cos", { x: oneOf(shape, special) }, ({ x }) => tf.cos(x), noGradient),
      a("elu", { x: oneOf(shape, special) }, ({ x }) => tf.elu(x), noGradient),
      a("exp", { x: oneOf(shape, special) }, ({ x }) => tf.exp(x), noGradient),
      a("expm1", { x: oneOf(shape, special) }, ({ x }) => tf.expm1(x), noGradient),
      a("isFinite", { x: oneOf(shape, special) }, ({ x }) => tf.isFinite(x)),
      a("isInf", { x: oneOf(shape, special) }, ({ x }) => tf.isInf(x)),
      a("isNaN", { x: oneOf(shape, special) }, ({ x }) => tf.isNaN(x)),
      a("isNaN of integers", { x: whole(shape, -1, 2) }, ({ x }) => tf.isNaN(x)),
      a("leakyRelu", { x: oneOf(shape, special) }, ({ x }) => tf.leakyRelu(x, 0.3), noGradient),
      a("log", { x: oneOf(shape, special) }, ({ x }) => tf.log(x), noGradient),
      a("log1p", { x: oneOf(shape, special) }, ({ x }) => tf.log1p(x), noGradient),
      a("neg", { x: oneOf(shape, special) }, ({ x }) => tf.neg(x), noGradient),
      a("reciprocal", { x: oneOf(shape, special) }, ({ x }) => tf.reciprocal(x), noGradient),
      a("relu", { x: oneOf(shape, special) }, ({ x }) => tf.relu(x), noGradient),
      a("relu6", { x: oneOf(shape, special) }, ({ x }) => tf.relu6(x), noGradient),
      a("round", { x: oneOf(shape, special) }, ({ x }) => tf.round(x), noGradient),
      a("rsqrt", { x: oneOf(shape, special) }, ({ x }) => tf.rsqrt(x), noGradient),
      a("selu", { x: oneOf(shape, special) }, ({ x }) => tf.selu(x), noGradient),
      a("sigmoid", { x: oneOf(shape, special) }, ({ x }) => tf.sigmoid(x), noGradient),
      a("sign", { x: oneOf(shape, infinities) }, ({ x }) => tf.sign(x), noGradient),
      a("sin", { x: oneOf(shape, special) }, ({ x }) => tf.sin(x), noGradient),
      a("softplus", { x: oneOf(shape, special) }, ({ x }) => tf.softplus(x), noGradient),
      a("sqrt", { x: oneOf(shape, special) }, ({ x }) => tf.sqrt(x), noGradient),
      a("square", { x: oneOf(shape, special) }, ({ x }) => tf.square(x), noGradient),
      a("step", { x: oneOf(shape, infinities) }, ({ x }) => tf.step(x), noGradient),
      a("tanh", { x: oneOf(shape, special) }, ({ x }) => tf.tanh(x), noGradient),
      a("erf", { x: oneOf(shape, special) }, ({ x }) => tf.erf(x), noGradient)
    ])
  )
})
