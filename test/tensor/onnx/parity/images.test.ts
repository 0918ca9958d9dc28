/** Convolutions, pools, normalisation and other sizes of images. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { agree } from "./agree.ts"
import { a, between, floats, noGradient, sums } from "./case.ts"
import { size } from "./shapes.ts"

type Sides = [number, number]
const two = (min: number, max: number): fc.Arbitrary<Sides> => {
  const side = fc.integer({ min, max })
  return fc.tuple(side, side)
}
type Padding = "valid" | "same" | "explicit"

/** Windows that fit: the image is as long as a window reaches, or longer. */
const geometry = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 2, 3, 5),
    filters: size,
    kernel: two(1, 3),
    strides: two(1, 3),
    dilations: two(1, 2),
    extra: two(0, 4),
    padding: fc.constantFrom<Padding>("valid", "same", "explicit"),
    borders: fc.tuple(two(0, 2), two(0, 2))
  })
  .map((sample) => {
    const { kernel, extra } = sample
    const image: Sides = [2 * kernel[0] - 1 + extra[0], 2 * kernel[1] - 1 + extra[1]]
    const [rows, columns] = sample.borders
    const around: [Sides, Sides, Sides, Sides] = [[0, 0], rows, columns, [0, 0]]
    const pad = sample.padding === "explicit" ? around : sample.padding
    return { ...sample, image, pad }
  })

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const

describe("images are treated as by TensorFlow.js", () => {
  it.effect("convolutions, with their gradients", () =>
    agree(
      geometry,
      ({ n, channels, filters, kernel, strides, dilations, image, pad }) => {
        const x = floats([n, ...image, channels])
        const w = floats([...kernel, channels, filters])
        return [
          a("strides", { x, w }, (t) => tf.conv2d(t.x, t.w, strides, pad), sums),
          a("dilations", { x, w }, (t) => tf.conv2d(t.x, t.w, 1, pad, "NHWC", dilations), {
            ...sums,
            gradient: dilations[0] * dilations[1] === 1
          }),
          a("a number as padding", { x, w }, (t) => tf.conv2d(t.x, t.w, 1, 1, "NHWC", 1, "floor"), sums),
          a(
            "one image",
            { x: floats([...image, channels]), w },
            (t) => tf.conv2d(t.x, t.w, strides, pad),
            sums
          )
        ]
      },
      30
    )
  )

  it.effect("transposed convolutions", () =>
    agree(geometry, ({ n, channels, filters, kernel, strides, image, padding }) => {
      const pad = padding === "explicit" ? "same" : padding
      const out = (at: 0 | 1): number =>
        pad === "same" ? image[at] * strides[at] : (image[at] - 1) * strides[at] + kernel[at]
      return [
        a(
          "conv2dTranspose",
          { x: floats([n, ...image, channels]), w: floats([...kernel, filters, channels]) },
          (t) => tf.conv2dTranspose(t.x, t.w, [n, out(0), out(1), filters], strides, pad),
          sums
        )
      ]
    })
  )

  it.effect("convolutions of each channel by itself, with their gradients", () =>
    agree(
      geometry,
      ({ n, channels, filters, kernel, strides, dilations, image, pad }) => {
        const x = floats([n, ...image, channels])
        const w = floats([...kernel, channels, Math.min(2, filters)])
        const mix = floats([1, 1, channels * Math.min(2, filters), 3])
        const even = strides[0]
        return [
          a("strides", { x, w }, (t) => tf.depthwiseConv2d(t.x, t.w, even, pad), sums),
          a("dilations", { x, w }, (t) => tf.depthwiseConv2d(t.x, t.w, 1, pad, "NHWC", dilations), {
            ...sums,
            gradient: dilations[0] * dilations[1] === 1
          }),
          a("separable", { x, w, mix }, (t) => tf.separableConv2d(t.x, t.w, t.mix, 1, "same"), sums)
        ]
      },
      30
    )
  )

  it.effect("convolutions with bias and activation", () =>
    agree(
      geometry,
      ({ n, channels, filters, kernel, strides, image, padding }) => {
        const pad = padding === "explicit" ? "same" : padding
        return activations.flatMap((activation) => {
          // Only one of them has slopes, and TensorFlow.js wants gradients to reach everything.
          const slopes = (weights: tf.Tensor) =>
            activation === "prelu" ? { preluActivationWeights: weights } : {}
          const options = { ...sums, ...noGradient }
          return [
            a(
              `fused ${activation}`,
              {
                x: floats([n, ...image, channels]),
                w: floats([...kernel, channels, filters]),
                bias: floats([filters]),
                slope: floats([filters])
              },
              (t) =>
                tf.fused.conv2d({
                  x: t.x,
                  filter: t.w,
                  strides,
                  pad,
                  bias: t.bias,
                  activation,
                  leakyreluAlpha: 0.3,
                  ...slopes(t.slope)
                }),
              options
            ),
            a(
              `fused ${activation} of each channel`,
              {
                x: floats([n, ...image, channels]),
                w: floats([...kernel, channels, 2]),
                bias: floats([2 * channels]),
                slope: floats([2 * channels])
              },
              (t) =>
                tf.fused.depthwiseConv2d({
                  x: t.x,
                  filter: t.w,
                  strides: strides[0],
                  pad,
                  bias: t.bias,
                  activation,
                  leakyreluAlpha: 0.3,
                  ...slopes(t.slope)
                }),
              options
            )
          ]
        })
      },
      6
    )
  )

  it.effect("pools, with their gradients", () =>
    agree(
      geometry,
      ({ n, channels, kernel, strides, image, padding }) => {
        const x = floats([n, ...image, channels])
        const pad = padding === "explicit" ? "same" : padding
        return [
          a("maxPool", { x }, (t) => tf.maxPool(t.x, kernel, strides, pad), sums),
          // The gradient of TensorFlow.js counts pixels in the padding, which its average does not.
          a("avgPool", { x }, (t) => tf.avgPool(t.x, kernel, strides, pad), {
            ...sums,
            gradient: pad === "valid"
          }),
          a("maxPool of windows side by side", { x }, (t) => tf.maxPool(t.x, kernel, kernel, "valid")),
          a("avgPool of windows side by side", { x }, (t) => tf.avgPool(t.x, kernel, kernel, "valid"), sums),
          a("global average", { x }, (t) => tf.mean(t.x, [1, 2]), sums),
          a(
            "one image",
            { x: floats([...image, channels]) },
            (t) => tf.maxPool(t.x, kernel, strides, pad),
            sums
          )
        ]
      },
      30
    )
  )

  it.effect("a convolution followed by a pool, which may be done as one", () =>
    agree(
      geometry,
      ({ n, channels, filters, kernel, image, pad }) => {
        const x = floats([n, 2 * image[0], 2 * image[1], channels])
        const w = floats([...kernel, channels, filters])
        const b = floats([filters])
        return [
          a(
            "conv, bias, relu, maxPool",
            { x, w, b },
            (t) => tf.maxPool(tf.relu(tf.add(tf.conv2d(t.x, t.w, 1, pad), t.b)), 2, 2, "valid"),
            sums
          ),
          a(
            "conv, bias, maxPool, relu",
            { x, w, b },
            (t) => tf.relu(tf.maxPool(tf.add(tf.conv2d(t.x, t.w, 1, pad), t.b), 2, 2, "valid")),
            sums
          ),
          a("conv, avgPool", { x, w }, (t) => tf.avgPool(tf.conv2d(t.x, t.w, 1, pad), 2, 2, "valid"), sums),
          a(
            "conv twice",
            { x, w, v: floats([3, 3, filters, 2]) },
            (t) => tf.conv2d(tf.relu(tf.conv2d(t.x, t.w, 1, "same")), t.v, 1, "same"),
            sums
          )
        ]
      },
      20
    )
  )

  it.effect("normalisation, over a batch and across channels", () =>
    agree(geometry, ({ n, channels, image }) => {
      const x = floats([n, ...image, channels])
      const each = () => floats([channels])
      const variance = between([channels], 0.1, 2)
      return [
        a(
          "batchNorm",
          { x, mean: each(), variance, offset: each(), scale: each() },
          (t) => tf.batchNorm(t.x, t.mean, t.variance, t.offset, t.scale, 1e-3),
          sums
        ),
        a(
          "batchNorm without offset and scale",
          { x, mean: each(), variance },
          (t) => tf.batchNorm(t.x, t.mean, t.variance),
          noGradient
        ),
        a(
          "batchNorm of rows",
          { x: floats([n, channels]), mean: each(), variance, offset: each(), scale: each() },
          (t) => tf.batchNorm(t.x, t.mean, t.variance, t.offset, t.scale, 1e-3),
          sums
        ),
        a(
          "localResponseNormalization",
          { x },
          (t) => tf.localResponseNormalization(t.x, 1, 1, 0.5, 0.7),
          sums
        )
      ]
    })
  )

  it.effect("other sizes", () =>
    agree(fc.tuple(geometry, two(1, 7)), ([{ n, channels, image }, to]) => {
      // In TensorFlow.js the gradient of one pixel whose corners are aligned never ends, and that of images that are
      // not square has a wrong shape.
      const side = image[0] + 1
      const x = floats([n, side, side, channels])
      return [
        a("bilinear", { x }, (t) => tf.image.resizeBilinear(t.x, to), sums),
        a("bilinear, corners aligned", { x }, (t) => tf.image.resizeBilinear(t.x, to, true), sums),
        // The gradient of TensorFlow.js leaves out the half pixel.
        a("bilinear, half pixels", { x }, (t) => tf.image.resizeBilinear(t.x, to, false, true), noGradient),
        // Nor is the reference's gradient of these one: it reads beyond its array.
        a("nearest", { x }, (t) => tf.image.resizeNearestNeighbor(t.x, to), noGradient),
        a(
          "nearest, corners aligned",
          { x },
          (t) => tf.image.resizeNearestNeighbor(t.x, to, true),
          noGradient
        ),
        a(
          "nearest, half pixels",
          { x },
          (t) => tf.image.resizeNearestNeighbor(t.x, to, false, true),
          noGradient
        )
      ]
    })
  )
})
