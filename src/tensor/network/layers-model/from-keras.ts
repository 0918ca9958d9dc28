/** A Keras layer in our words. */
import { Effect, Result, Schema } from "effect"
import { didYouMean } from "../../../text/did-you-mean.ts"
import type { LayerData } from "../decode-layer.ts"
import type { Misfit } from "../shape.ts"
import type { KerasLayer } from "./layers-model.ts"

const Pair = Schema.Union([Schema.Tuple([Schema.Int, Schema.Int]), Schema.Tuple([Schema.Int])])
const absent = <A>(value: A) => Effect.succeed(value)
const Rows = Schema.Tuple([Schema.Int, Schema.Int])
const Size = Schema.NullOr(Schema.Array(Schema.NullOr(Schema.Int)))

/** The settings that matter. What is not here is how Keras trains, or has only one value that we can take. */
const Config = Schema.Struct({
  name: Schema.String,
  batch_input_shape: Schema.optionalKey(Size),
  batch_shape: Schema.optionalKey(Size),
  activation: Schema.NullOr(Schema.String).pipe(Schema.withDecodingDefaultKey(absent("linear"))),
  filters: Schema.optionalKey(Schema.Int),
  units: Schema.optionalKey(Schema.Int),
  kernel_size: Schema.optionalKey(Pair),
  pool_size: Schema.optionalKey(Pair),
  strides: Schema.optionalKey(Schema.NullOr(Pair)),
  padding: Schema.optionalKey(Schema.Union([Schema.Literals(["valid", "same"]), Schema.Tuple([Rows, Rows])])),
  depth_multiplier: Schema.optionalKey(Schema.Int),
  dilation_rate: Schema.optionalKey(Schema.Union([Schema.Int, Schema.Array(Schema.Int)])),
  groups: Schema.optionalKey(Schema.Int),
  data_format: Schema.optionalKey(Schema.NullOr(Schema.String)),
  use_bias: Schema.optionalKey(Schema.Boolean),
  axis: Schema.optionalKey(Schema.Union([Schema.Int, Schema.Tuple([Schema.Int])])),
  momentum: Schema.Finite.pipe(Schema.withDecodingDefaultKey(absent(0.99))),
  epsilon: Schema.Finite.pipe(Schema.withDecodingDefaultKey(absent(0.001))),
  rate: Schema.optionalKey(Schema.Finite),
  alpha: Schema.optionalKey(Schema.Finite),
  negative_slope: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  max_value: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  threshold: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  scale: Schema.optionalKey(Schema.Union([Schema.Finite, Schema.Boolean])),
  center: Schema.optionalKey(Schema.Boolean),
  offset: Schema.optionalKey(Schema.Finite)
})
type Config = typeof Config.Type

/** What a Keras layer is here: nothing where it only says what we know, several where it also activates. */
export interface Translation {
  readonly layers: ReadonlyArray<LayerData>
  /** Explicit padding, which the convolution that comes next takes over. */
  readonly padding?: LayerData["padding"]
  /** Tensors that the file leaves out, because Keras fixes them. */
  readonly fixed?: { readonly [role: string]: number }
  /** It ends with a softmax, which only the last layer may. */
  readonly softmax?: boolean
}

/** The shape of images that a layer says it takes, if it says so. */
export const inputShapeOf = ({ config }: KerasLayer): ReadonlyArray<number | null> | undefined => {
  const decoded = Schema.decodeUnknownResult(Config)(config)
  if (Result.isFailure(decoded)) return undefined
  return decoded.success.batch_input_shape ?? decoded.success.batch_shape ?? undefined
}

/**
 * Translates one layer.
 *
 * @param padding what a `ZeroPadding2D` right before it adds
 * @param flat whether its input has been flattened
 */
export const fromKeras = (
  { class_name, config: settings }: KerasLayer,
  padding: LayerData["padding"] | undefined,
  flat: boolean
): Translation | Misfit => {
  const decoded = Schema.decodeUnknownResult(Config, { reportInput: true })(settings)
  if (Result.isFailure(decoded))
    return { problem: decoded.failure.message.replaceAll(/\s*\n\s*/g, " "), hint: "is the file whole?" }
  const config = decoded.success
  const unusual = unusualSetting(config)
  if (unusual !== undefined) return unusual
  const { name } = config
  switch (class_name) {
    case "InputLayer":
      return { layers: [] }
    case "Rescaling": {
      const scale = typeof config.scale === "number" ? config.scale : 1
      const mean = config.offset === undefined || config.offset === 0 ? 0 : -config.offset / scale
      return { layers: [{ type: "normalise", name, mean: [mean], std: [1 / scale] }] }
    }
    case "ZeroPadding2D":
      return {
        layers: [],
        padding: config.padding ?? [
          [1, 1],
          [1, 1]
        ]
      }
    case "Conv2D":
      return activated(config, {
        type: "conv2d",
        name,
        filters: config.filters ?? 0,
        ...convolution(config, padding)
      })
    case "DepthwiseConv2D":
      return activated(config, {
        type: "depthwiseConv2d",
        name,
        depthMultiplier: config.depth_multiplier ?? 1,
        ...convolution(config, padding)
      })
    case "MaxPooling2D":
      return { layers: [{ type: "maxPool", name, ...pooling(config) }] }
    case "AveragePooling2D":
      return { layers: [{ type: "averagePool", name, ...pooling(config) }] }
    case "BatchNormalization":
      return normalisation(config, flat)
    case "Dropout":
      return { layers: [{ type: "dropout", name, rate: config.rate ?? 0 }] }
    case "Flatten":
      return { layers: [{ type: "flatten", name }] }
    case "Dense":
      return activated(config, {
        type: "dense",
        name,
        units: config.units ?? 0,
        useBias: config.use_bias ?? true
      })
    case "Activation":
      return activated(config)
    case "Softmax":
      return { layers: [], softmax: true }
    case "ReLU":
      if ((config.max_value ?? null) !== null || (config.threshold ?? 0) !== 0)
        return { problem: "its ReLU is cut off", hint: "only the plain ReLU is known" }
      return { layers: [{ type: "relu", name }] }
    case "LeakyReLU":
      return { layers: [{ type: "leakyRelu", name, alpha: config.negative_slope ?? config.alpha ?? 0.3 }] }
    case "ELU":
      if ((config.alpha ?? 1) !== 1)
        return { problem: `its alpha is ${config.alpha}`, hint: "only 1 is known" }
      return { layers: [{ type: "elu", name }] }
    default:
      return {
        problem: `layers of class ${class_name} are not known here`,
        hint: didYouMean(class_name, classes) ?? `known are ${classes.join(", ")}`
      }
  }
}

const classes = [
  "InputLayer",
  "Rescaling",
  "ZeroPadding2D",
  "Conv2D",
  "DepthwiseConv2D",
  "MaxPooling2D",
  "AveragePooling2D",
  "BatchNormalization",
  "Dropout",
  "Flatten",
  "Dense",
  "Activation",
  "Softmax",
  "ReLU",
  "LeakyReLU",
  "ELU"
]

const unusualSetting = ({ data_format, dilation_rate, groups }: Config): Misfit | undefined => {
  if ((data_format ?? "channels_last") !== "channels_last")
    return { problem: `its data format is ${data_format}`, hint: "convert the model to channels_last" }
  const dilations = typeof dilation_rate === "number" ? [dilation_rate] : (dilation_rate ?? [])
  if (dilations.some((rate) => rate !== 1))
    return { problem: "it is dilated", hint: "only dilation 1 is known" }
  if ((groups ?? 1) !== 1) return { problem: `it has ${groups} groups`, hint: "only one group is known" }
  return undefined
}

const pair = ([first, second]: typeof Pair.Type): ReadonlyArray<number> => [first, second ?? first]

const convolution = (config: Config, padding: LayerData["padding"] | undefined): LayerData => ({
  kernelSize: pair(config.kernel_size ?? [1]),
  strides: pair(config.strides ?? [1]),
  padding: padding ?? config.padding ?? "valid",
  useBias: config.use_bias ?? true
})

const pooling = (config: Config): LayerData => {
  const size = pair(config.pool_size ?? [2])
  return { size, strides: config.strides ? pair(config.strides) : size, padding: config.padding ?? "valid" }
}

const normalisation = (config: Config, flat: boolean): Translation | Misfit => {
  const axis = typeof config.axis === "object" ? config.axis[0] : (config.axis ?? -1)
  if (axis !== -1 && axis !== (flat ? 1 : 3))
    return { problem: `it normalises axis ${axis}`, hint: "only the last axis, the channels, is known" }
  const { name, momentum, epsilon, scale, center } = config
  return {
    layers: [{ type: "batchNorm", name, momentum: 1 - momentum, epsilon }],
    fixed: { ...(scale === false ? { weight: 1 } : {}), ...(center === false ? { bias: 0 } : {}) }
  }
}

const activations: ReadonlyArray<string> = ["relu", "elu", "sigmoid", "tanh", "softplus", "gelu"]

/** A layer, if any, and the activation that is fused into it, as layers of their own. */
const activated = ({ name, activation }: Config, layer?: LayerData): Translation | Misfit => {
  const before = layer === undefined ? [] : [layer]
  if (activation === null || activation === "linear") return { layers: before }
  if (activation === "softmax") return { layers: before, softmax: true }
  if (!activations.includes(activation)) {
    return {
      problem: `its activation is ${activation}`,
      hint: didYouMean(activation, activations) ?? `known are ${activations.join(", ")}`
    }
  }
  return {
    layers: [...before, { type: activation, name: layer === undefined ? name : `${name}_${activation}` }]
  }
}
