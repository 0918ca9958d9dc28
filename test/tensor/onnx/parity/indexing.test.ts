/** Elements by their number: collecting, scattering, sorting. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { agree } from "./agree.ts"
import { a, flags, floats, noGradient, sums, whole } from "./case.ts"
import { shapeOf, size, withAxes } from "./shapes.ts"

const batches = fc.record({ batch: size, outer: size, length: size, inner: size, count: size })

describe("elements are found by number as in TensorFlow.js", () => {
  it.effect("gathered along an axis", () =>
    agree(fc.tuple(withAxes, shapeOf(0, 2)), ([{ shape, axis }, wanted]) => {
      const length = shape[axis] ?? 1
      const at = whole(wanted, 0, length)
      return [
        a("gather", { x: floats(shape), at }, (given) => tf.gather(given.x, given.at, axis), sums),
        a("gather of integers", { x: whole(shape, 0, 99), at }, (given) =>
          tf.gather(given.x, given.at, axis)
        ),
        a("gather of flags", { x: flags(shape), at }, (given) => tf.gather(given.x, given.at, axis)),
        a("gather of one", { x: floats(shape), at: whole([1], 0, length) }, (given) =>
          tf.gather(given.x, given.at, axis)
        )
      ]
    })
  )

  it.effect("gathered in batches", () =>
    agree(batches, ({ batch, outer, length, inner, count }) => [
      a(
        "one batch axis",
        { x: floats([batch, length, inner]), at: whole([batch, count], 0, length) },
        ({ x, at }) => tf.gather(x, at, 1, 1),
        noGradient
      ),
      a(
        "an axis in between",
        { x: floats([batch, outer, length, inner]), at: whole([batch, count], 0, length) },
        ({ x, at }) => tf.gather(x, at, 2, 1),
        noGradient
      ),
      a(
        "two batch axes",
        { x: whole([batch, outer, length, inner], 0, 99), at: whole([batch, outer, count], 0, length) },
        ({ x, at }) => tf.gather(x, at, 2, 2)
      ),
      a(
        "of a list for each",
        { x: floats([batch, length]), at: whole([batch, 1], 0, length) },
        ({ x, at }) => tf.squeeze(tf.gather(x, at, 1, 1), [1]),
        noGradient
      )
    ])
  )

  it.effect("gathered and scattered by several numbers", () =>
    agree(batches, ({ batch, outer, length, inner, count }) => {
      const where = [batch, length]
      const pair = { at: whole([count, 2], 0, Math.min(batch, length)) }
      return [
        a(
          "gatherND",
          { x: floats([...where, inner]), ...pair },
          ({ x, at }) => tf.gatherND(x, at),
          noGradient
        ),
        a("gatherND of single elements", { x: whole(where, 0, 99), ...pair }, ({ x, at }) =>
          tf.gatherND(x, at)
        ),
        a(
          "scatterND adds up",
          { x: floats([count, inner]), ...pair },
          ({ x, at }) => tf.scatterND(at, x, [batch, length, inner]),
          { ...sums, ...noGradient }
        ),
        a(
          "scatterND of single integers",
          { x: whole([outer], 0, 99), at: whole([outer, 1], 0, length) },
          (given) => tf.scatterND(given.at, given.x, [length])
        )
      ]
    })
  )

  it.effect("added up by segment; a negative number belongs to none", () =>
    agree(fc.tuple(shapeOf(0, 3), fc.integer({ min: 1, max: 9 })), ([rest, count]) => [
      a(
        "unsortedSegmentSum",
        { x: floats([count, ...rest]), at: whole([count], 0, 4) },
        ({ x, at }) => tf.unsortedSegmentSum(x, at, 5),
        sums
      ),
      a(
        "outside",
        { x: floats([count, ...rest]), at: whole([count], -2, 5) },
        ({ x, at }) => tf.unsortedSegmentSum(x, at, 3),
        { ...sums, ...noGradient }
      )
    ])
  )

  it.effect("as flags", () =>
    agree(shapeOf(0, 3), (shape) => [
      a("oneHot", { at: whole(shape, 0, 5) }, ({ at }) => tf.oneHot(at, 5)),
      a("oneHot of what is nowhere", { at: whole(shape, -2, 7) }, ({ at }) => tf.oneHot(at, 5)),
      a("oneHot with other values", { at: whole(shape, 0, 5) }, ({ at }) => tf.oneHot(at, 5, 0.9, 0.1)),
      a("oneHot of integers", { at: whole(shape, 0, 5) }, ({ at }) => tf.oneHot(at, 5, 7, -7, "int32")),
      a("oneHot as flags", { at: whole(shape, 0, 5) }, ({ at }) => tf.oneHot(at, 5, 1, 0, "bool"))
    ])
  )

  it.effect("the greatest, the first of equals first", () =>
    agree(fc.tuple(shapeOf(1, 3), fc.nat()), ([shape, seed]) => {
      const k = 1 + (seed % (shape.at(-1) ?? 1))
      return [
        a("topk", { x: floats(shape) }, ({ x }) => Object.values(tf.topk(x, k)), noGradient),
        a("topk of integers", { x: whole(shape, 0, 3) }, ({ x }) => Object.values(tf.topk(x, k))),
        a(
          "all in order",
          { x: floats(shape) },
          ({ x }) => Object.values(tf.topk(x, shape.at(-1))),
          noGradient
        )
      ]
    })
  )
})
