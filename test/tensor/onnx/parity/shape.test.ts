/** Kernels that move elements and compute nothing. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { agree } from "./agree.ts"
import { a, flags, floats, noGradient, whole } from "./case.ts"
import { shapeOf, size, withAxes } from "./shapes.ts"

/** A part of each axis: where it begins, how long it is. */
const parts = fc.array(
  size.chain((length) =>
    fc.nat(length - 1).chain((begin) =>
      fc.record({
        length: fc.constant(length),
        begin: fc.constant(begin),
        count: fc.integer({ min: 1, max: length - begin })
      })
    )
  ),
  { minLength: 1, maxLength: 4 }
)
/** A range as Python writes it, along each of three axes. */
const strides = fc.array(
  fc
    .record({
      length: size,
      begin: fc.integer({ min: -4, max: 3 }),
      end: fc.integer({ min: -4, max: 4 }),
      step: fc.constantFrom(1, 2, -1, -2)
    })
    // TensorFlow.js fails at some ranges that hold nothing.
    .filter(({ length, begin, end, step }) => {
      const first = begin < 0 ? begin + length : begin
      const last = end < 0 ? end + length : end
      return first >= 0 && first < length && (last - first) * step > 0
    }),
  { minLength: 3, maxLength: 3 }
)
const masks = fc.record({
  begin: fc.nat(7),
  end: fc.nat(7),
  ellipsis: fc.constantFrom(0, 2),
  newAxis: fc.constantFrom(0, 1, 4)
})
const widths = fc.array(fc.tuple(size, fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 4 })

describe("elements move as in TensorFlow.js", () => {
  it.effect("to other shapes and orders", () =>
    agree(
      withAxes.chain((sample) =>
        fc.record({
          sample: fc.constant(sample),
          order: fc.shuffledSubarray([...sample.shape.keys()], { minLength: sample.shape.length })
        })
      ),
      ({ sample: { shape, axes, axis }, order }) => [
        a("transpose", { x: floats(shape) }, ({ x }) => tf.transpose(x, order)),
        a("transpose of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.transpose(x, order)),
        a("transpose of flags", { x: flags(shape) }, ({ x }) => tf.transpose(x, order)),
        a("transpose twice", { x: floats(shape) }, ({ x }) => tf.transpose(tf.transpose(x, order), order)),
        a("reshape", { x: floats(shape) }, ({ x }) => tf.reshape(x, [-1])),
        a("expandDims", { x: floats(shape) }, ({ x }) => tf.expandDims(x, axis)),
        a("expandDims at the end", { x: floats(shape) }, ({ x }) => tf.expandDims(x, -1)),
        a("squeeze", { x: floats([...shape, 1]) }, ({ x }) => tf.squeeze(x, [shape.length])),
        a("reverse", { x: floats(shape) }, ({ x }) => tf.reverse(x, axes)),
        a("reverse of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.reverse(x, axes)),
        a("reverse of flags", { x: flags(shape) }, ({ x }) => tf.reverse(x, -1)),
        a("identity", { x: floats(shape) }, ({ x }) => tf.clone(x))
      ]
    )
  )

  it.effect("in slices", () =>
    agree(parts, (list) => {
      const shape = list.map(({ length }) => length)
      const begin = list.map((part) => part.begin)
      const count = list.map((part) => part.count)
      return [
        a("slice", { x: floats(shape) }, ({ x }) => tf.slice(x, begin, count)),
        a("slice of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.slice(x, begin, count)),
        a("slice of flags", { x: flags(shape) }, ({ x }) => tf.slice(x, begin, count)),
        a("slice to the end", { x: floats(shape) }, ({ x }) => tf.slice(x, begin)),
        a("slice of the first axis", { x: floats(shape) }, ({ x }) => tf.slice(x, begin[0] ?? 0, count[0]))
      ]
    })
  )

  it.effect("in strided slices", () =>
    agree(
      fc.record({ ranges: strides, mask: masks }),
      ({ ranges, mask }) => {
        const shape = ranges.map(({ length }) => length)
        const begin = ranges.map((range) => range.begin)
        const end = ranges.map((range) => range.end)
        const step = ranges.map((range) => range.step)
        const inside = begin.map((at, axis) => at % (shape[axis] ?? 1))
        const ones = step.map(() => 1)
        return [
          a("everywhere", { x: floats(shape) }, ({ x }) => tf.stridedSlice(x, begin, end, step), noGradient),
          a(
            "masked",
            { x: whole(shape, 0, 99) },
            ({ x }) => tf.stridedSlice(x, begin, end, step, mask.begin, mask.end, mask.ellipsis),
            noGradient
          ),
          a(
            "with a new axis",
            { x: floats(shape) },
            ({ x }) => tf.stridedSlice(x, begin, end, step, mask.begin, mask.end, 0, mask.newAxis),
            noGradient
          ),
          a(
            "without an axis",
            { x: flags(shape) },
            ({ x }) => tf.stridedSlice(x, inside, end, ones, 0, 7, 0, 0, 2),
            noGradient
          )
        ]
      },
      30
    )
  )

  it.effect("together and apart", () =>
    agree(withAxes, ({ shape, axis }) => {
      const longer = shape.map((length, at) => (at === axis ? length + 2 : length))
      const even = shape.map((length, at) => (at === axis ? 2 * length : length))
      const length = shape[axis] ?? 1
      return [
        a("concat", { x: floats(shape), y: floats(longer) }, ({ x, y }) => tf.concat([x, y, x], axis)),
        a("concat of integers", { x: whole(shape, 0, 9), y: whole(longer, 0, 9) }, ({ x, y }) =>
          tf.concat([x, y], axis - shape.length)
        ),
        a("concat of flags", { x: flags(shape), y: flags(longer) }, ({ x, y }) => tf.concat([x, y], axis)),
        a("concat of one", { x: floats(shape) }, ({ x }) => tf.concat([x], axis)),
        a("stack", { x: floats(shape), y: floats(shape) }, ({ x, y }) => tf.stack([x, y], axis)),
        a("stack at the end", { x: floats(shape), y: floats(shape) }, ({ x, y }) => tf.stack([x, y], -1)),
        a("unstack", { x: floats(even) }, ({ x }) => tf.unstack(x, axis)),
        a("unstack of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.unstack(x, axis)),
        a("split", { x: floats(even) }, ({ x }) => tf.split(x, 2, axis)),
        a("split, unequal", { x: floats(longer) }, ({ x }) => tf.split(x, [1, length, 1], axis)),
        a("split, the rest", { x: floats(longer) }, ({ x }) => tf.split(x, [1, -1], axis)),
        a("split of flags", { x: flags(even) }, ({ x }) => tf.split(x, 2, axis))
      ]
    })
  )

  it.effect("in copies", () =>
    agree(
      shapeOf(1, 4).chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          times: fc.tuple(...shape.map(() => fc.integer({ min: 1, max: 3 })))
        })
      ),
      ({ shape, times }) => {
        const ones = shape.map((length, axis) => (axis % 2 === 0 ? 1 : length))
        return [
          a("tile", { x: floats(shape) }, ({ x }) => tf.tile(x, times)),
          a("tile of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.tile(x, times)),
          a("tile of flags", { x: flags(shape) }, ({ x }) => tf.tile(x, times)),
          a("broadcastTo", { x: floats(ones) }, ({ x }) => tf.broadcastTo(x, shape)),
          a("broadcastTo of a number", { x: floats([]) }, ({ x }) => tf.broadcastTo(x, shape)),
          a("broadcastTo of flags", { x: flags(ones) }, ({ x }) => tf.broadcastTo(x, [2, ...shape]))
        ]
      }
    )
  )

  it.effect("into a padding", () =>
    agree(widths, (list) => {
      const shape = list.map(([length]) => length + 1)
      const pads = list.map(([, before, after]): [number, number] => [before, after])
      const fewer = list.map(([length, before, after]): [number, number] => [
        Math.min(before, length),
        Math.min(after, length)
      ])
      return [
        a("pad", { x: floats(shape) }, ({ x }) => tf.pad(x, pads)),
        a("pad with a value", { x: floats(shape) }, ({ x }) => tf.pad(x, pads, 0.1)),
        a("pad of integers", { x: whole(shape, 0, 9) }, ({ x }) => tf.pad(x, pads, 3)),
        a("pad of flags", { x: flags(shape) }, ({ x }) => tf.pad(x, pads)),
        a(
          "mirror without the edge",
          { x: floats(shape) },
          ({ x }) => tf.mirrorPad(x, fewer, "reflect"),
          noGradient
        ),
        a(
          "mirror with the edge",
          { x: floats(shape) },
          ({ x }) => tf.mirrorPad(x, fewer, "symmetric"),
          noGradient
        )
      ]
    })
  )

  it.effect("between pixels, channels and the batch", () =>
    agree(
      fc.record({ n: size, height: size, width: size, channels: size, block: fc.constantFrom(2, 3) }),
      ({ n, height, width, channels, block }) => {
        const area = block * 2
        return [
          a("spaceToBatchND", { x: floats([n, height * block, width * 2, channels]) }, ({ x }) =>
            tf.spaceToBatchND(
              x,
              [block, 2],
              [
                [0, block],
                [1, 1]
              ]
            )
          ),
          a("batchToSpaceND", { x: floats([n * area, height + 1, width + 1, channels]) }, ({ x }) =>
            tf.batchToSpaceND(
              x,
              [block, 2],
              [
                [0, 1],
                [1, 0]
              ]
            )
          ),
          a(
            "depthToSpace",
            { x: floats([n, height, width, channels * block ** 2]) },
            ({ x }) => tf.depthToSpace(x, block),
            noGradient
          ),
          a(
            "flipLeftRight",
            { x: floats([n, height, width, channels]) },
            ({ x }) => tf.image.flipLeftRight(x),
            noGradient
          )
        ]
      }
    )
  )

  it.effect("out of numbers alone", () =>
    agree(fc.record({ shape: shapeOf(0, 3), count: fc.integer({ min: 1, max: 9 }) }), ({ shape, count }) => [
      a("zeros", { x: floats(shape) }, ({ x }) => tf.add(x, tf.zeros(shape))),
      a("fill", { x: floats(shape) }, ({ x }) => [
        x,
        tf.fill(shape, 0.1),
        tf.fill(shape, 123456789, "int32")
      ]),
      a("ones of every type", { x: floats(shape) }, ({ x }) => [
        tf.mul(x, tf.ones(shape)),
        tf.ones(shape, "int32"),
        tf.ones(shape, "bool")
      ]),
      a("range", { x: floats([]) }, ({ x }) => [
        tf.mul(x, tf.range(0.5, count, 0.3)),
        tf.range(3, -count, -2, "int32")
      ]),
      a("linspace", { x: floats([]) }, ({ x }) => tf.mul(x, tf.linspace(-1, 2, count))),
      a("eye", { x: floats([]) }, ({ x }) => tf.mul(x, tf.eye(count, 3)), noGradient),
      a("diag", { x: floats([count]) }, ({ x }) => tf.diag(x), noGradient),
      a("diag of a matrix", { x: whole([2, count], 0, 9) }, ({ x }) => tf.diag(x), noGradient)
    ])
  )
})
