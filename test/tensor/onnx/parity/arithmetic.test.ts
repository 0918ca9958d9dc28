/** Functions of two tensors that stretch to fit each other, comparisons and logic. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { agree } from "./agree.ts"
import { a, between, flags, floats, noGradient, oneOf, whole } from "./case.ts"
import { pairs, shapeOf } from "./shapes.ts"

const infinity = Number.POSITIVE_INFINITY
const special = [0, 1, -1, 2.5, infinity, -infinity, Number.NaN]
const divisors = [0.1, 0.5, -0.5, 1, -1, 3, -7]

// TensorFlow.js does not add up the gradients of an operand that was stretched in `maximum`, `minimum` and
// `squaredDifference`.
describe("arithmetic is that of TensorFlow.js", () => {
  it.effect("of real numbers, with its gradients", () =>
    agree(
      pairs,
      ({ left, right }) => [
        a("add", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.add(x, y)),
        a("atan2", { x: floats(left), y: oneOf(right, divisors) }, ({ x, y }) => tf.atan2(x, y)),
        a("atan2 of zeros", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.atan2(x, y), noGradient),
        a("div", { x: floats(left), y: oneOf(right, divisors) }, ({ x, y }) => tf.div(x, y)),
        a("divNoNan", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.divNoNan(x, y), noGradient),
        a("floorDiv", { x: floats(left), y: oneOf(right, divisors) }, ({ x, y }) => tf.floorDiv(x, y)),
        a("maximum", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.maximum(x, y), noGradient),
        a("maximum of equal shapes", { x: floats(left), y: floats(left) }, ({ x, y }) => tf.maximum(x, y)),
        a("minimum", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.minimum(x, y), noGradient),
        a("minimum of equal shapes", { x: floats(left), y: floats(left) }, ({ x, y }) => tf.minimum(x, y)),
        a("mod", { x: floats(left), y: oneOf(right, divisors) }, ({ x, y }) => tf.mod(x, y)),
        a("mul", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.mul(x, y)),
        a("pow", { x: between(left, 0.2, 3), y: floats(right) }, ({ x, y }) => tf.pow(x, y)),
        a("pow of negatives", { x: floats(left), y: oneOf(right, [0, 1, 2, 3]) }, ({ x, y }) => tf.pow(x, y)),
        a("prelu", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.prelu(x, y), noGradient),
        a("prelu, a slope each", { x: floats(left), y: floats(left) }, ({ x, y }) => tf.prelu(x, y)),
        a(
          "squaredDifference",
          { x: floats(left), y: floats(right) },
          ({ x, y }) => tf.squaredDifference(x, y),
          noGradient
        ),
        a("squaredDifference of equal shapes", { x: floats(left), y: floats(left) }, ({ x, y }) =>
          tf.squaredDifference(x, y)
        ),
        a("sub", { x: floats(left), y: floats(right) }, ({ x, y }) => tf.sub(x, y))
      ],
      14
    )
  )

  it.effect("of integers and booleans", () =>
    agree(pairs, ({ left, right }) => [
      a("add", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) => tf.add(x, y)),
      a("int and float", { x: whole(left, -9, 9), y: floats(right) }, ({ x, y }) => tf.mul(x, y)),
      a("bool and float", { x: flags(left), y: floats(right) }, ({ x, y }) => tf.sub(x, y)),
      a("bool and int", { x: flags(left), y: whole(right, -9, 9) }, ({ x, y }) => tf.add(x, y)),
      a("bool times bool", { x: flags(left), y: flags(right) }, ({ x, y }) => tf.mul(x, y)),
      a("div", { x: whole(left, -9, 9), y: whole(right, -3, 4) }, ({ x, y }) => tf.div(x, y)),
      a("div of large ones", { x: whole(left, 2 ** 24, 2 ** 31), y: whole(right, 1, 9) }, ({ x, y }) =>
        tf.div(x, y)
      ),
      a(
        "the least by -1",
        { x: whole(left, -(2 ** 31), 3 - 2 ** 31), y: whole(right, -1, 1) },
        ({ x, y }) => [tf.div(x, y), tf.mod(x, y)]
      ),
      a("floorDiv", { x: whole(left, -9, 9), y: whole(right, -3, 4) }, ({ x, y }) => tf.floorDiv(x, y)),
      a("maximum", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) => tf.maximum(x, y)),
      a("maximum of flags", { x: flags(left), y: flags(right) }, ({ x, y }) => tf.maximum(x, y)),
      a("minimum", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) => tf.minimum(x, y)),
      a("mod", { x: whole(left, -9, 9), y: whole(right, -3, 4) }, ({ x, y }) => tf.mod(x, y)),
      a("mul", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) => tf.mul(x, y)),
      a("pow", { x: whole(left, -3, 4), y: whole(right, 0, 5) }, ({ x, y }) => tf.pow(x, y)),
      a("squaredDifference", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) =>
        tf.squaredDifference(x, y)
      ),
      a("sub", { x: whole(left, -9, 9), y: whole(right, -9, 9) }, ({ x, y }) => tf.sub(x, y))
    ])
  )

  it.effect("comparisons", () =>
    agree(pairs, ({ left, right }) =>
      [tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual].flatMap((compare) => [
        a(compare.name, { x: floats(left), y: floats(right) }, ({ x, y }) => compare(x, y)),
        a(compare.name, { x: whole(left, 0, 3), y: whole(right, 0, 3) }, ({ x, y }) => compare(x, y)),
        a(compare.name, { x: flags(left), y: flags(right) }, ({ x, y }) => compare(x, y)),
        a(compare.name, { x: oneOf(left, special), y: oneOf(right, special) }, ({ x, y }) => compare(x, y))
      ])
    )
  )

  it.effect("logic and choices", () =>
    agree(pairs, ({ left, right }) => [
      a("and", { x: flags(left), y: flags(right) }, ({ x, y }) => tf.logicalAnd(x, y)),
      a("or", { x: flags(left), y: flags(right) }, ({ x, y }) => tf.logicalOr(x, y)),
      a("xor", { x: flags(left), y: flags(right) }, ({ x, y }) => tf.logicalXor(x, y)),
      a("where", { test: flags(left), x: floats(left), y: floats(right) }, ({ test, x, y }) =>
        tf.where(test, x, y)
      ),
      a("where of integers", { test: flags(right), x: whole(left, -5, 5), y: whole(right, -5, 5) }, (given) =>
        tf.where(given.test, given.x, given.y)
      ),
      a("where of flags", { test: flags(left), x: flags(left), y: flags(right) }, ({ test, x, y }) =>
        tf.where(test, x, y)
      )
    ])
  )

  it.effect("sums of several", () =>
    agree(shapeOf(0, 3), (shape) => [
      a("addN", { x: floats(shape), y: floats(shape), z: floats(shape) }, ({ x, y, z }) =>
        tf.addN([x, y, z])
      ),
      a("addN of integers", { x: whole(shape, 0, 9), y: whole(shape, 0, 9) }, ({ x, y }) => tf.addN([x, y])),
      a("addN of one", { x: floats(shape) }, ({ x }) => tf.addN([x]))
    ])
  )

  it.effect("of infinities and what is no number", () =>
    agree(pairs, ({ left, right }) => [
      a("add", { x: oneOf(left, special), y: oneOf(right, special) }, ({ x, y }) => tf.add(x, y), noGradient),
      a("div", { x: oneOf(left, special), y: oneOf(right, special) }, ({ x, y }) => tf.div(x, y), noGradient),
      a(
        "maximum",
        { x: oneOf(left, special), y: oneOf(right, special) },
        ({ x, y }) => tf.maximum(x, y),
        noGradient
      ),
      a(
        "minimum",
        { x: oneOf(left, special), y: oneOf(right, special) },
        ({ x, y }) => tf.minimum(x, y),
        noGradient
      ),
      a("mod", { x: oneOf(left, special), y: oneOf(right, special) }, ({ x, y }) => tf.mod(x, y), noGradient),
      a("mul", { x: oneOf(left, special), y: oneOf(right, special) }, ({ x, y }) => tf.mul(x, y), noGradient)
    ])
  )
})
