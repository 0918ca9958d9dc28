/** Pools, as macros. */
import { backend_util } from "@tensorflow/tfjs-core"
import type { Shape, Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import { reshape } from "../ops.ts"
import { type Windows, windowsOf } from "../windows.ts"
import { paddingOf, pairOf } from "./geometry.ts"

const poolOf = (call: Call, image: Shape): { readonly windows: Windows; readonly shape: Shape } => {
  const [n = 1, inHeight = 1, inWidth = 1, channels = 1] = image
  const strides = pairOf(call.raw("strides"), pairOf(call.raw("filterSize"), [1, 1]))
  const rounding = call.raw("dimRoundingMode")
  const info = backend_util.computePool2DInfo(
    [n, inHeight, inWidth, channels],
    pairOf(call.raw("filterSize"), [1, 1]),
    strides,
    1,
    paddingOf(call.raw("pad")),
    rounding === "floor" || rounding === "round" || rounding === "ceil" ? rounding : undefined
  )
  return {
    windows: windowsOf({
      height: inHeight,
      width: inWidth,
      outHeight: info.outHeight,
      outWidth: info.outWidth,
      kernel: [info.filterHeight, info.filterWidth],
      strides,
      dilations: [1, 1],
      padTop: info.padInfo.top,
      padLeft: info.padInfo.left
    }),
    shape: info.outShape
  }
}

const flat = (call: Call, x: Value): Value => {
  const [n = 1, height = 1, width = 1, channels = 1] = x.shape
  return reshape(call.graph, x, [n, height * width, channels])
}

const forward = (macro: string) => (call: Call) => {
  const image = call.input("x")
  const { windows, shape } = poolOf(call, image.shape)
  const [n = 1, , , channels = 1] = shape
  const spec = { type: image.type, shape: [n, windows.outputPixels, channels] }
  return reshape(call.graph, call.graph.op(macro, [image], spec, {}, windows), shape)
}

const pixels = ([n = 1, height = 1, width = 1, channels = 1]: Shape): Shape => [n, height * width, channels]

export const pools: Lowerings = {
  MaxPool: forward("@MaxPool"),
  AvgPool: forward("@AveragePool"),

  MaxPoolGrad: (call) => {
    const image = call.input("input")
    const { windows } = poolOf(call, image.shape)
    const inputs = [flat(call, call.input("dy")), image, flat(call, call.input("output"))]
    const spec = { type: image.type, shape: pixels(image.shape) }
    return reshape(call.graph, call.graph.op("@MaxPoolGradient", inputs, spec, {}, windows), image.shape)
  },

  AvgPoolGrad: (call) => {
    const image = call.input("input")
    const { windows } = poolOf(call, image.shape)
    const spec = { type: image.type, shape: pixels(image.shape) }
    const gradient = flat(call, call.input("dy"))
    return reshape(
      call.graph,
      call.graph.op("@AveragePoolGradient", [gradient], spec, {}, windows),
      image.shape
    )
  }
}
