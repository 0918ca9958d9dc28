/** One of our layers in Keras' words. */
import type { NamedLayer } from "../layer.ts"
import type { Normalise } from "../layers/normalise.ts"
import { stridesOf } from "../layers/pooling.ts"
import type { Padding } from "../layers/window.ts"
import type { Misfit } from "../shape.ts"
import type { KerasLayer } from "./layers-model.ts"

/** A Keras layer, and the constants that it needs besides the network's weights. */
export interface KerasPart {
  readonly layer: KerasLayer
  readonly constants?: ReadonlyArray<{
    readonly name: string
    readonly shape: ReadonlyArray<number>
    readonly data: Float32Array
  }>
}

/** The Keras layers that do what ours does; none for what has no counterpart. */
export const toKeras = (layer: NamedLayer): ReadonlyArray<KerasPart> | Misfit => {
  const { name } = layer
  switch (layer.type) {
    case "input":
      return [
        part("InputLayer", {
          name,
          batch_input_shape: [null, ...layer.shape],
          dtype: "float32",
          sparse: false
        })
      ]
    case "normalise":
      return [normalisation(layer, name)]
    case "conv2d":
    case "depthwiseConv2d": {
      const { kernelSize, strides, useBias, padding } = layer
      const config = {
        name,
        ...(layer.type === "conv2d"
          ? { filters: layer.filters }
          : { depth_multiplier: layer.depthMultiplier }),
        kernel_size: kernelSize,
        strides,
        padding: typeof padding === "string" ? padding : "valid",
        data_format: "channels_last",
        activation: "linear",
        use_bias: useBias
      }
      return [...padded(name, padding), part(layer.type === "conv2d" ? "Conv2D" : "DepthwiseConv2D", config)]
    }
    case "maxPool":
    case "averagePool":
      if (typeof layer.padding !== "string") {
        return {
          problem: "Keras' pooling has no explicit padding",
          hint: 'use `padding: "same"` or "valid"'
        }
      }
      return [
        part(layer.type === "maxPool" ? "MaxPooling2D" : "AveragePooling2D", {
          name,
          pool_size: layer.size,
          strides: stridesOf(layer),
          padding: layer.padding,
          data_format: "channels_last"
        })
      ]
    case "batchNorm":
      return [
        part("BatchNormalization", {
          name,
          axis: -1,
          // Keras weighs the past, PyTorch and we the present.
          momentum: 1 - layer.momentum,
          epsilon: layer.epsilon,
          center: true,
          scale: true
        })
      ]
    case "dropout":
      return [part("Dropout", { name, rate: layer.rate })]
    case "flatten":
      return [part("Flatten", { name })]
    case "dense":
      return [part("Dense", { name, units: layer.units, activation: "linear", use_bias: layer.useBias })]
    case "leakyRelu":
      return [part("LeakyReLU", { name, alpha: layer.alpha })]
    default:
      return [part("Activation", { name, activation: layer.type })]
  }
}

const part = (class_name: string, config: KerasLayer["config"]): KerasPart => ({
  layer: { class_name, config }
})

const padded = (name: string, padding: Padding): ReadonlyArray<KerasPart> =>
  typeof padding === "string"
    ? []
    : [part("ZeroPadding2D", { name: `${name}_padding`, padding, data_format: "channels_last" })]

/** One scale for all channels is a `Rescaling`; several are a depthwise convolution with a kernel of one pixel. */
const normalisation = ({ mean, std }: Normalise, name: string): KerasPart => {
  const scales = std.map((value) => 1 / value)
  const offsets = mean.map((value, channel) => -value * (scales[channel] ?? 1))
  const [scale = 1] = scales
  const [offset = 0] = offsets
  if (scales.every((value) => value === scale) && offsets.every((value) => value === offset))
    return part("Rescaling", { name, scale, offset })
  const config = {
    name,
    trainable: false,
    kernel_size: [1, 1],
    strides: [1, 1],
    padding: "valid",
    data_format: "channels_last",
    depth_multiplier: 1,
    activation: "linear",
    use_bias: true
  }
  return {
    ...part("DepthwiseConv2D", config),
    constants: [
      { name: `${name}/depthwise_kernel`, shape: [1, 1, scales.length, 1], data: Float32Array.from(scales) },
      { name: `${name}/bias`, shape: [offsets.length], data: Float32Array.from(offsets) }
    ]
  }
}
