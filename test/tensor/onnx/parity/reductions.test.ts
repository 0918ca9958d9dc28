/** Sums, extremes, running sums, and what is made of them. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { agree } from "./agree.ts"
import { a, between, flags, floats, noGradient, oneOf, sums, whole } from "./case.ts"
import { shapeOf, withAxes } from "./shapes.ts"

describe("reductions are those of TensorFlow.js", () => {
  it.effect("of real numbers, with their gradients; no axes at all reduce nothing", () =>
    agree(
      withAxes,
      ({ shape, axes, axis, keep }) => [
        a("sum", { x: floats(shape) }, ({ x }) => tf.sum(x, axes, keep), sums),
        a("mean", { x: floats(shape) }, ({ x }) => tf.mean(x, axes, keep), sums),
        a("max", { x: floats(shape) }, ({ x }) => tf.max(x, axes, keep)),
        a("min", { x: floats(shape) }, ({ x }) => tf.min(x, axes, keep)),
        a("prod", { x: floats(shape) }, ({ x }) => tf.prod(x, axis, keep), noGradient),
        a("sum of all", { x: floats(shape) }, ({ x }) => tf.sum(x), sums),
        a("mean of all", { x: floats(shape) }, ({ x }) => tf.mean(x), sums),
        a("max of all", { x: floats(shape) }, ({ x }) => tf.max(x)),
        a("sum from the end", { x: floats(shape) }, ({ x }) => tf.sum(x, axis - shape.length), sums),
        a("logSumExp", { x: floats(shape) }, ({ x }) => tf.logSumExp(x, axes, keep), sums),
        a("norm", { x: between(shape, 0.5, 2) }, ({ x }) => tf.norm(x, "euclidean", axis, keep), sums),
        a("moments", { x: floats(shape) }, ({ x }) => Object.values(tf.moments(x, axes, keep)), sums)
      ],
      14
    )
  )

  it.effect("of integers and booleans", () =>
    agree(withAxes, ({ shape, axes, axis, keep }) => [
      a("sum", { x: whole(shape, -9, 9) }, ({ x }) => tf.sum(x, axes, keep)),
      a("mean", { x: whole(shape, -9, 9) }, ({ x }) => tf.mean(x, axes, keep)),
      a("max", { x: whole(shape, -9, 9) }, ({ x }) => tf.max(x, axes, keep)),
      a("min", { x: whole(shape, -9, 9) }, ({ x }) => tf.min(x, axes, keep)),
      a("prod", { x: whole(shape, -3, 4) }, ({ x }) => tf.prod(x, axis, keep)),
      a("sum of flags", { x: flags(shape) }, ({ x }) => tf.sum(x, axes, keep)),
      a("mean of flags", { x: flags(shape) }, ({ x }) => tf.mean(x, axes, keep)),
      a("max of flags", { x: flags(shape) }, ({ x }) => tf.max(x, axes, keep)),
      a("prod of flags", { x: flags(shape) }, ({ x }) => tf.prod(x, axis, keep)),
      a("all", { x: flags(shape) }, ({ x }) => tf.all(x, axes, keep)),
      a("any", { x: flags(shape) }, ({ x }) => tf.any(x, axes, keep)),
      a("all of all", { x: flags(shape) }, ({ x }) => tf.all(x))
    ])
  )

  it.effect("positions, the first of equals", () =>
    agree(withAxes, ({ shape, axis }) => [
      a("argMax", { x: floats(shape) }, ({ x }) => tf.argMax(x, axis)),
      a("argMin", { x: floats(shape) }, ({ x }) => tf.argMin(x, axis)),
      a("argMax of integers", { x: whole(shape, 0, 3) }, ({ x }) => tf.argMax(x, axis)),
      a("argMin of integers", { x: whole(shape, 0, 3) }, ({ x }) => tf.argMin(x, axis)),
      a("argMax of flags", { x: flags(shape) }, ({ x }) => tf.argMax(x, axis)),
      a("argMax from the end", { x: floats(shape) }, ({ x }) => tf.argMax(x, -1))
    ])
  )

  it.effect("running sums and products", () =>
    agree(withAxes, ({ shape, axis }) => {
      // TensorFlow.js's gradient is right for the last axis alone.
      const last = { gradient: axis === shape.length - 1 }
      return [
        a("cumsum", { x: floats(shape) }, ({ x }) => tf.cumsum(x, axis), last),
        a("cumsum, exclusive", { x: floats(shape) }, ({ x }) => tf.cumsum(x, axis, true), last),
        a("cumsum, reverse", { x: floats(shape) }, ({ x }) => tf.cumsum(x, axis, false, true), last),
        a("cumsum, both", { x: floats(shape) }, ({ x }) => tf.cumsum(x, axis, true, true), last),
        a("cumsum of integers", { x: whole(shape, -9, 9) }, ({ x }) => tf.cumsum(x, axis)),
        a("cumsum of flags", { x: flags(shape) }, ({ x }) => tf.cumsum(x, axis)),
        a("cumprod", { x: floats(shape) }, ({ x }) => tf.cumprod(x, axis), noGradient),
        a("cumprod, exclusive", { x: floats(shape) }, ({ x }) => tf.cumprod(x, axis, true), noGradient),
        a("cumprod, reverse", { x: floats(shape) }, ({ x }) => tf.cumprod(x, axis, false, true), noGradient),
        a("cumprod, both", { x: floats(shape) }, ({ x }) => tf.cumprod(x, axis, true, true), noGradient),
        a("cumprod of integers", { x: whole(shape, -3, 4) }, ({ x }) => tf.cumprod(x, axis))
      ]
    })
  )

  it.effect("probabilities, of every rank", () =>
    agree(shapeOf(1, 4), (shape) => [
      a("softmax", { x: between(shape, -9, 9) }, ({ x }) => tf.softmax(x)),
      a("logSoftmax", { x: between(shape, -9, 9) }, ({ x }) => tf.logSoftmax(x), sums),
      a("softmax of large ones", { x: oneOf(shape, [-1e4, 0, 1e4]) }, ({ x }) => tf.softmax(x)),
      a("logSoftmax of large ones", { x: oneOf(shape, [-1e4, 0, 1e4]) }, ({ x }) => tf.logSoftmax(x)),
      a("cross entropy", { y: between(shape, 0, 1), x: floats(shape) }, ({ x, y }) =>
        tf.losses.softmaxCrossEntropy(
          tf.reshape(y, [-1, shape.at(-1) ?? 1]),
          tf.reshape(x, [-1, shape.at(-1) ?? 1])
        )
      )
    ])
  )

  it.effect("what is no number stays visible", () =>
    agree(shapeOf(1, 3), (shape) => [
      a("sum", { x: oneOf(shape, [1, Number.NaN]) }, ({ x }) => tf.sum(x, -1), noGradient),
      a("mean", { x: oneOf(shape, [1, Number.NaN]) }, ({ x }) => tf.mean(x, 0), noGradient),
      a("max", { x: oneOf(shape, [1, 2, Number.NaN]) }, ({ x }) => tf.max(x, -1), noGradient),
      a("min", { x: oneOf(shape, [1, 2, Number.NaN]) }, ({ x }) => tf.min(x, 0), noGradient),
      a("max of infinities", { x: oneOf(shape, [-1 / 0, 1 / 0, 0]) }, ({ x }) => tf.max(x), noGradient)
    ])
  )
})
