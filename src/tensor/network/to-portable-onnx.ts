/**
 * A network and its weights become an ONNX model for everybody else: a node for each layer, any number of images.
 *
 * `to-onnx.ts` gives what this program runs itself, which is faster, of one batch size, and uses operators of ONNX Runtime's own.
 * Here are ONNX's operators alone, as PyTorch would export the network, so that other runtimes and viewers take it.
 */
import { Effect } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { encode } from "../onnx/encode.ts"
import { anyNumber, type ConstantData, Graph, type Spec, type Value } from "../onnx/graph.ts"
import type { NamedLayer } from "./layer.ts"
import type { Conv2d } from "./layers/conv2d.ts"
import type { DepthwiseConv2d } from "./layers/depthwise-conv2d.ts"
import { stridesOf } from "./layers/pooling.ts"
import { type Padding, paddingOf } from "./layers/window.ts"
import type { Network } from "./network.ts"
import type { Shape } from "./shape.ts"
import type { BadWeights } from "./weights/bad-weights.ts"
import { exportWeights } from "./weights/export-weights.ts"
import { importWeights } from "./weights/import-weights.ts"

/** Names of the model's input and output. */
export const portableNames = { input: "images", output: "logits" } as const

/**
 * Evaluation mode, with the weights inside: `images` `[n, height, width, channels]` in [0, 1] to `logits` `[n, classes]`.
 *
 * @returns the bytes of the `.onnx` file, of operator set 17
 */
export const toPortableOnnx = Effect.fnUntraced(function* (
  network: Network,
  weights: ReadonlyMap<string, TensorData>
): Effect.fn.Return<Uint8Array, BadWeights> {
  const native = yield* importWeights(network, weights, { layout: "native" })
  // ONNX convolves images with channels first, by kernels that lie as PyTorch's do.
  const channelsFirst = yield* exportWeights(network, weights, "pytorch")
  const writer = new Writer(native, channelsFirst)
  const images = writer.graph.input(portableNames.input, floats(network.input))
  let at = writer.transpose(images, [0, 3, 1, 2])
  for (const [index, layer] of network.layers.entries())
    at = writer.layer(layer, at, network.shapes[index - 1] ?? [], network.shapes[index] ?? [])
  writer.graph.output(portableNames.output, at)
  return encode(writer.graph, { input: (name) => name, output: (name) => name })
})

/** Float32 tensors of any number of examples. */
const floats = (shape: Shape): Spec => ({ type: "float32", shape: [anyNumber, ...shape] })

type Weights = ReadonlyMap<string, TensorData>
type Convolution = Extract<NamedLayer, Conv2d | DepthwiseConv2d>
type Pooling = Extract<NamedLayer, { readonly type: "maxPool" | "averagePool" }>

class Writer {
  readonly graph = new Graph()
  readonly #native: Weights
  readonly #channelsFirst: Weights

  constructor(native: Weights, channelsFirst: Weights) {
    this.#native = native
    this.#channelsFirst = channelsFirst
  }

  /** @param before what goes into the layer, and `after` what comes out of it, for one example, with channels last */
  layer(layer: NamedLayer, x: Value, before: Shape, after: Shape): Value {
    const spec = floats(channelsFirstShape(after))
    switch (layer.type) {
      case "input":
      case "dropout":
        return x
      case "normalise": {
        const shape = after.length === 3 ? [after[2] ?? 1, 1, 1] : after
        const row = (values: ReadonlyArray<number>) => this.graph.constant(Float32Array.from(values), shape)
        const centred = this.graph.op("Sub", [x, row(layer.mean)], spec)
        return this.graph.op("Div", [centred, row(layer.std)], spec)
      }
      case "conv2d":
        return this.#convolution(layer, x, before, spec, 1)
      case "depthwiseConv2d":
        return this.#convolution(layer, x, before, spec, before[2] ?? 1)
      case "maxPool":
      case "averagePool":
        return this.#pool(layer, x, before, spec)
      case "batchNorm": {
        const rows = ["weight", "bias", "running_mean", "running_var"].map((role) =>
          this.#weight(this.#native, layer.name, role)
        )
        return this.graph.op("BatchNormalization", [x, ...rows], spec, { epsilon: { float: layer.epsilon } })
      }
      case "flatten":
        // Features are in our order, channels innermost.
        return before.length === 1
          ? x
          : this.graph.op("Flatten", [this.transpose(x, [0, 2, 3, 1])], spec, { axis: 1 })
      case "dense": {
        const weight = this.#weight(this.#native, layer.name, "weight")
        if (!layer.useBias) return this.graph.op("MatMul", [x, weight], spec)
        return this.graph.op("Gemm", [x, weight, this.#weight(this.#native, layer.name, "bias")], spec)
      }
      case "leakyRelu":
        return this.graph.op("LeakyRelu", [x], spec, { alpha: { float: layer.alpha } })
      case "gelu":
        return this.#gelu(x, spec)
      default:
        return this.graph.op(operators[layer.type], [x], spec)
    }
  }

  transpose(x: Value, perm: ReadonlyArray<number>): Value {
    const shape = perm.map((axis) => x.shape[axis] ?? 1)
    return this.graph.op("Transpose", [x], { type: x.type, shape }, { perm })
  }

  #convolution(layer: Convolution, x: Value, before: Shape, spec: Spec, group: number): Value {
    const weight = this.#weight(this.#channelsFirst, layer.name, "weight")
    const bias = layer.useBias ? [this.#weight(this.#native, layer.name, "bias")] : []
    return this.graph.op("Conv", [x, weight, ...bias], spec, {
      kernel_shape: layer.kernelSize,
      strides: layer.strides,
      pads: pads(layer.padding, before, layer.kernelSize, layer.strides),
      group
    })
  }

  #pool(layer: Pooling, x: Value, before: Shape, spec: Spec): Value {
    const strides = stridesOf(layer)
    const window = {
      kernel_shape: layer.size,
      strides,
      pads: pads(layer.padding, before, layer.size, strides)
    }
    return layer.type === "maxPool"
      ? this.graph.op("MaxPool", [x], spec, window)
      : this.graph.op("AveragePool", [x], spec, { ...window, count_include_pad: 0 })
  }

  /** x times the normal distribution function. ONNX has an operator for it only since set 20. */
  #gelu(x: Value, spec: Spec): Value {
    const number = (value: number) => this.graph.constant(Float32Array.of(value), [])
    const erf = this.graph.op("Erf", [this.graph.op("Mul", [x, number(Math.SQRT1_2)], spec)], spec)
    const half = this.graph.op("Mul", [x, number(0.5)], spec)
    return this.graph.op("Mul", [half, this.graph.op("Add", [erf, number(1)], spec)], spec)
  }

  #weight(weights: Weights, layer: string, role: string): Value {
    const tensor = weights.get(`${layer}.${role}`)
    if (tensor === undefined) throw new Error(`\`${layer}.${role}\` was checked and is not there`)
    return this.graph.constant(asFloats(tensor.data), tensor.shape)
  }
}

const operators = {
  relu: "Relu",
  elu: "Elu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softplus: "Softplus"
} as const

const channelsFirstShape = (shape: Shape): Shape => {
  const [height, width, channels] = shape
  return height === undefined || width === undefined || channels === undefined
    ? shape
    : [channels, height, width]
}

/** ONNX wants all beginnings, then all ends. */
const pads = (
  padding: Padding,
  [height = 1, width = 1]: Shape,
  size: readonly [number, number],
  stride: readonly [number, number]
): ReadonlyArray<number> => {
  const rows = paddingOf(padding, 0, { input: height, size: size[0], stride: stride[0] })
  const columns = paddingOf(padding, 1, { input: width, size: size[1], stride: stride[1] })
  return [rows[0], columns[0], rows[1], columns[1]]
}

const asFloats = (data: TensorData["data"]): ConstantData =>
  data instanceof Float32Array ? data : Float32Array.from(data)
