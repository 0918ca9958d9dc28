/**
 * Convolutions of each channel by itself. There is no product of matrices in them: the pixels of each window are multiplied
 * by the filter's and added up.
 */

import { pixelsAt } from "../expand/pixels.ts"
import { poolColumns } from "../expand/pooling.ts"
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import { mul, reduce, reshape } from "../ops.ts"
import { lookersByTap } from "../windows.ts"
import { biasAndActivation } from "./activation.ts"
import { geometryOf } from "./convolution.ts"

const convolve = (call: Call): Value => {
  const { graph } = call
  const [image, filter] = [call.input("x"), call.input("filter")]
  const { windows, shape } = geometryOf(call, image.shape, filter.shape, true)
  const [n = 1] = image.shape
  const [, , channels = 1, each = 1] = filter.shape
  const { taps, outputPixels } = windows
  const pixels = reshape(graph, poolColumns(graph, image, windows, 0), [n, taps, outputPixels, channels, 1])
  const weights = reshape(graph, filter, [taps, 1, channels, each])
  return reshape(graph, reduce(graph, "Sum", mul(graph, pixels, weights), [1]), shape)
}

export const depthwise: Lowerings = {
  DepthwiseConv2dNative: convolve,
  FusedDepthwiseConv2D: (call) => biasAndActivation(call, convolve(call)),

  DepthwiseConv2dNativeBackpropFilter: (call) => {
    const { graph } = call
    const [image, dy] = [call.input("x"), call.input("dy")]
    const shape = call.numbers("filterShape")
    const { windows } = geometryOf(call, image.shape, shape, true)
    const [n = 1] = image.shape
    const [, , channels = 1, each = 1] = shape
    const { taps, outputPixels } = windows
    const pixels = reshape(graph, poolColumns(graph, image, windows, 0), [n, taps, outputPixels, channels, 1])
    const gradient = reshape(graph, dy, [n, 1, outputPixels, channels, each])
    return reshape(graph, reduce(graph, "Sum", mul(graph, pixels, gradient), [0, 2]), shape)
  },

  DepthwiseConv2dNativeBackpropInput: (call) => {
    const { graph } = call
    const [dy, filter] = [call.input("dy"), call.input("filter")]
    const shape = call.numbers("inputShape")
    const { windows } = geometryOf(call, shape, filter.shape, true)
    const [n = 1] = shape
    const [, , channels = 1, each = 1] = filter.shape
    const { taps, inputPixels, outputPixels } = windows
    const flat = reshape(graph, dy, [n, outputPixels, channels * each])
    const found = pixelsAt(graph, flat, lookersByTap(windows))
    const apart = reshape(graph, found, [n, inputPixels, taps, channels, each])
    const weights = reshape(graph, filter, [taps, channels, each])
    return reshape(graph, reduce(graph, "Sum", mul(graph, apart, weights), [2, 4]), shape)
  }
}
