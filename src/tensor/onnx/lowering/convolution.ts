/** Convolutions. What they are made of is decided later: here they become macros. */
import { backend_util } from "@tensorflow/tfjs-core"
import type { Shape, Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import { reshape } from "../ops.ts"
import { UnsupportedStep } from "../unsupported-step.ts"
import { type Windows, windowsOf } from "../windows.ts"
import { biasAndActivation } from "./activation.ts"
import { paddingOf, pairOf } from "./geometry.ts"

interface Geometry {
  readonly windows: Windows
  /** Of the result, `[n, height, width, filters]`. */
  readonly shape: Shape
}

const four = (shape: Shape): [number, number, number, number] => {
  const [a = 1, b = 1, c = 1, d = 1] = shape
  return [a, b, c, d]
}

export const geometryOf = (call: Call, image: Shape, filter: Shape, depthwise = false): Geometry => {
  if (call.text("dataFormat", "NHWC") !== "NHWC")
    throw new UnsupportedStep(`\`${call.kernel}\` has images in ${call.text("dataFormat")}`, "use NHWC")
  const strides = pairOf(call.raw("strides"), [1, 1])
  const dilations = pairOf(call.raw("dilations"), [1, 1])
  const rounding = call.raw("dimRoundingMode")
  const info = backend_util.computeConv2DInfo(
    four(image),
    four(filter),
    strides,
    dilations,
    paddingOf(call.raw("pad")),
    rounding === "floor" || rounding === "round" || rounding === "ceil" ? rounding : undefined,
    depthwise
  )
  return {
    windows: windowsOf({
      height: info.inHeight,
      width: info.inWidth,
      outHeight: info.outHeight,
      outWidth: info.outWidth,
      kernel: [info.filterHeight, info.filterWidth],
      strides,
      dilations,
      padTop: info.padInfo.top,
      padLeft: info.padInfo.left
    }),
    shape: info.outShape
  }
}

/** `[n, height, width, channels]` as `[n, pixels, channels]`. */
const flat = (call: Call, x: Value): Value => {
  const [n, height, width, channels] = four(x.shape)
  return reshape(call.graph, x, [n, height * width, channels])
}

const convolve = (call: Call): Value => {
  const [image, filter] = [call.input("x"), call.input("filter")]
  const { windows, shape } = geometryOf(call, image.shape, filter.shape)
  const [n, height, width, filters] = four(shape)
  const spec = { type: image.type, shape: [n, height * width, filters] }
  return reshape(call.graph, call.graph.op("@Conv", [image, filter], spec, {}, windows), shape)
}

export const convolutions: Lowerings = {
  Conv2D: convolve,
  FusedConv2D: (call) => biasAndActivation(call, convolve(call)),

  Conv2DBackpropFilter: (call) => {
    const image = call.input("x")
    const shape = call.numbers("filterShape")
    const { windows } = geometryOf(call, image.shape, shape)
    const spec = { type: image.type, shape }
    return call.graph.op("@ConvFilterGradient", [image, flat(call, call.input("dy"))], spec, {}, windows)
  },

  Conv2DBackpropInput: (call) => {
    const filter = call.input("filter")
    const shape = call.numbers("inputShape")
    const { windows } = geometryOf(call, shape, filter.shape)
    const [n, height, width, channels] = four(shape)
    const spec = { type: filter.type, shape: [n, height * width, channels] }
    const gradient = flat(call, call.input("dy"))
    return reshape(
      call.graph,
      call.graph.op("@ConvImageGradient", [gradient, filter], spec, {}, windows),
      shape
    )
  }
}
