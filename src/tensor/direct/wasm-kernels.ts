/**
 * Kernels that training needs and that TensorFlow.js's WebAssembly backend lacks, computes wrongly, or has as a plain
 * loop, made of those that it has as tuned code.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { filterGradient, inputGradient } from "./wasm-convolution.ts"
import { depthwiseFilterGradient, depthwiseInputGradient } from "./wasm-depthwise.ts"
import { maxPoolGradient } from "./wasm-pooling.ts"
import { extent, filterSize, Shape, stepsOf, tensorOf, window } from "./wasm-windows.ts"

const channelsLast = { dataFormat: Schema.Literal("NHWC") }
const decodeWindow = Schema.decodeUnknownSync(Schema.Struct(window))
const decodeFilterGradient = Schema.decodeUnknownSync(
  Schema.Struct({ ...window, ...channelsLast, filterShape: Shape })
)
const decodeInputGradient = Schema.decodeUnknownSync(
  Schema.Struct({ ...window, ...channelsLast, inputShape: Shape })
)
const decodeDepthwiseFilter = Schema.decodeUnknownSync(Schema.Struct({ ...window, filterShape: Shape }))
const decodeDepthwiseInput = Schema.decodeUnknownSync(Schema.Struct({ ...window, inputShape: Shape }))
const decodePooling = Schema.decodeUnknownSync(Schema.Struct({ ...window, filterSize }))
const decodeSegments = Schema.decodeUnknownSync(Schema.Struct({ numSegments: Schema.Int }))

/** Gives the WebAssembly backend the kernels. */
export const registerWasmKernels = (): void => {
  correctConvolution(tf.Conv2D)
  correctConvolution(tf.DepthwiseConv2dNative)
  register(tf.Conv2DBackpropFilter, (inputs, attributes) =>
    filterGradient(tensorOf(inputs, "x"), tensorOf(inputs, "dy"), decodeFilterGradient(attributes))
  )
  register(tf.Conv2DBackpropInput, (inputs, attributes) =>
    inputGradient(tensorOf(inputs, "dy"), tensorOf(inputs, "filter"), decodeInputGradient(attributes))
  )
  register(tf.DepthwiseConv2dNativeBackpropFilter, (inputs, attributes) =>
    depthwiseFilterGradient(tensorOf(inputs, "x"), tensorOf(inputs, "dy"), decodeDepthwiseFilter(attributes))
  )
  register(tf.DepthwiseConv2dNativeBackpropInput, (inputs, attributes) =>
    depthwiseInputGradient(
      tensorOf(inputs, "dy"),
      tensorOf(inputs, "filter"),
      decodeDepthwiseInput(attributes)
    )
  )
  correctMaxPoolGradient()
  register(tf.UnsortedSegmentSum, (inputs, attributes) =>
    segmentSum(tensorOf(inputs, "x"), tensorOf(inputs, "segmentIds"), decodeSegments(attributes).numSegments)
  )
}

type Kernel = (inputs: tf.NamedTensorInfoMap, attributes: unknown) => tf.Tensor

const register = (kernelName: string, kernel: Kernel): void =>
  tf.registerKernel({
    backendName: "wasm",
    kernelName,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel(inputs, attrs))
  })

const correctMaxPoolGradient = (): void => {
  const own = tf.getKernel(tf.MaxPoolGrad, "wasm")
  tf.registerKernel({
    ...own,
    kernelFunc: (given) =>
      tf.tidy(() => {
        const { inputs, attrs } = given
        const [dy, input, output] = [
          tensorOf(inputs, "dy"),
          tensorOf(inputs, "input"),
          tensorOf(inputs, "output")
        ]
        return maxPoolGradient(dy, input, output, decodePooling(attrs), (slope, pixels) => {
          const made = own.kernelFunc({ ...given, inputs: { dy: slope, input: pixels } })
          if (Array.isArray(made)) throw new Error("the gradient of a pooling is one tensor")
          return tf.engine().makeTensorFromTensorInfo(made)
        })
      })
  })
}

/**
 * The backend's convolutions with `same` padding come out as zeros, without a word, where a filter steps farther than it
 * is wide: XNNPACK refuses to make that operator, and nobody looks. So the padding is done here in that case.
 */
const correctConvolution = (kernel: string): void => {
  const own = tf.getKernel(kernel, "wasm")
  tf.registerKernel({
    ...own,
    kernelFunc: (given) => {
      const [x, filter] = [tensorOf(given.inputs, "x"), tensorOf(given.inputs, "filter")]
      const moves = decodeWindow(given.attrs)
      const { pad } = moves
      const [, height = 0, width = 0] = x.shape
      const [filterHeight = 0, filterWidth = 0] = filter.shape
      const [down, right] = stepsOf(moves)
      if (pad !== "same" || (down <= filterHeight && right <= filterWidth)) return own.kernelFunc(given)
      const rows = extent(pad, 1, height, Math.ceil(height / down), filterHeight, down)
      const columns = extent(pad, 2, width, Math.ceil(width / right), filterWidth, right)
      const padded = tf.pad(x, [[0, 0], rows, columns, [0, 0]])
      const made = own.kernelFunc({
        ...given,
        inputs: { ...given.inputs, x: padded },
        attrs: { ...given.attrs, pad: "valid" }
      })
      padded.dispose()
      return made
    }
  })
}

/** Adds up the rows of `x` that have the same number. Rows with a number outside [0, count) are left out. */
const segmentSum = (x: tf.Tensor, numbers: tf.Tensor, count: number): tf.Tensor => {
  const [rows = 0, ...rest] = x.shape
  const belongs = tf.oneHot(tf.reshape(tf.cast(numbers, "int32"), [rows]), count)
  const sums = tf.matMul(tf.cast(belongs, "float32"), tf.reshape(tf.cast(x, "float32"), [rows, -1]), true)
  return tf.cast(tf.reshape(sums, [count, ...rest]), x.dtype)
}
