/** The layers of a network as far as the graph has been read, each checked against the shape that it gets. */
import { Effect } from "effect"
import { elementsOf } from "../../../artifact/tensor-data.ts"
import { decodeLayer, type LayerData } from "../decode-layer.ts"
import { outputShape } from "../layer-shape.ts"
import { isMisfit, type Misfit, type Shape, shapeText } from "../shape.ts"
import type { WeightLayout } from "../weights/tensor-layout.ts"
import { asWritten, type Constant, refuse } from "./constant.ts"
import type { Order, Signal } from "./values.ts"

/** A layer's tensors by what they are in it, in the layout that the file has them in. */
export type Tensors = {
  readonly [role: string]: { readonly constant: Constant; readonly layout: WeightLayout }
}

/** A layer, its tensors, and the node that it was. */
export interface Link {
  data: LayerData
  tensors: Tensors
  readonly place: string
}

export interface Chain {
  readonly links: Array<Link>
  /** What people should know about the translation. */
  readonly notes: Array<string>
  /** What comes out of the last layer for one image, with channels last. */
  shape: Shape
  /** How often the chain has grown or changed. */
  version: number
  /** The node that is being read. */
  place: string
}

export const emptyChain = (): Chain => ({ links: [], notes: [], shape: [], version: 0, place: "" })

/** A layer that gives more numbers than that for one image would fill the memory. */
const mostNumbers = 2 ** 26

/** The signal, if it is the newest: networks here are one chain, so none other may be read. */
export const newest = (chain: Chain, signal: Signal): Effect.Effect<Signal, Misfit> => {
  if (signal.softmax === true)
    return refuse("it comes after a softmax", "networks give logits: export the model without its softmax")
  if (signal.version === chain.version) return Effect.succeed(signal)
  return refuse(
    "it reads what another branch has read, too",
    "a network here is one chain of layers, without residual connections or other branches"
  )
}

/** Adds a layer. */
export const push = Effect.fnUntraced(function* (
  chain: Chain,
  data: LayerData,
  order: Order,
  tensors: Tensors = {}
): Effect.fn.Return<Signal, Misfit> {
  const layer = yield* decodeLayer(data)
  const shape = layer.type === "input" ? layer.shape : outputShape(layer, chain.shape)
  if (isMisfit(shape)) return yield* Effect.fail(shape)
  if (elementsOf(shape) > mostNumbers) {
    return yield* refuse(
      `it gives ${shapeText(shape)} for one image`,
      `networks of more than ${mostNumbers} numbers in a layer are not taken`
    )
  }
  chain.links.push({ data, tensors, place: chain.place })
  chain.shape = shape
  chain.version++
  return { kind: "signal", version: chain.version, dims: dimsOf(shape, order), order }
})

const dimsOf = (shape: Shape, order: Order): Shape => {
  const [height, width, channels] = shape
  if (order === "channels-last" || height === undefined || width === undefined || channels === undefined)
    return shape
  return [channels, height, width]
}

/** Adds a bias to the last layer, if that is one which has none. */
export const addBias = (chain: Chain, signal: Signal, bias: Constant): Signal | undefined => {
  const last = chain.links.at(-1)
  if (last?.data["useBias"] !== false || signal.affine !== undefined) return undefined
  last.data = { ...last.data, useBias: true }
  last.tensors = { ...last.tensors, bias: { constant: bias, layout: "native" } }
  chain.version++
  return { ...signal, version: chain.version }
}

/** The signal as the output of a layer, so that another layer can follow: what was pending becomes a layer. */
export const settle = Effect.fnUntraced(function* (
  chain: Chain,
  given: Signal
): Effect.fn.Return<Signal, Misfit> {
  const { affine, ...bare } = yield* newest(chain, given)
  const signal = chain.links.length === 0 ? yield* begin(chain, bare) : bare
  if (affine === undefined) return signal
  const channels = chain.shape.at(-1) ?? 0
  const each = (values: ReadonlyArray<number>) =>
    Array.from({ length: channels }, (_, at) => asWritten(values[at] ?? values[0] ?? Number.NaN))
  if (affine.mean.length > 1 && signal.dims.length === 1 && signal.order === "channels-first") {
    return yield* refuse(
      "it normalises a flattened image by numbers of their own for each feature",
      "normalise the images before they are flattened, by one mean and one std for each channel"
    )
  }
  return yield* push(
    chain,
    { type: "normalise", mean: each(affine.mean), std: each(affine.std) },
    signal.order
  )
})

/** An image, with channels where ONNX's operators want them. */
export const settleImage = Effect.fnUntraced(function* (
  chain: Chain,
  signal: Signal
): Effect.fn.Return<Signal, Misfit> {
  const { dims, order } = signal
  if (dims.length !== 3) {
    return yield* refuse(
      `it wants images, and gets ${shapeText(dims)} for each`,
      "export the model with images [n, channels, height, width] as its input"
    )
  }
  if (order === "channels-last") {
    return yield* refuse(
      "its images have channels last, where ONNX wants them first",
      "put a Transpose with perm [0, 3, 1, 2] before it, or export the model with channels first"
    )
  }
  return yield* settle(chain, { ...signal, order: "channels-first" })
})

/** The input layer. */
const begin = Effect.fnUntraced(function* (chain: Chain, signal: Signal): Effect.fn.Return<Signal, Misfit> {
  const { dims } = signal
  const [first = 0, second = 0, third] = dims
  if (dims.length === 1) {
    const side = Math.sqrt(first)
    if (!Number.isInteger(side) || side === 0) {
      return yield* refuse(
        `its input has ${first} features, and nothing tells of which images`,
        "export the model with images [n, channels, height, width] as its input, and the flatten inside"
      )
    }
    chain.notes.push(`${first} features are taken for images of ${side} x ${side} pixels with one channel`)
    yield* push(chain, { type: "input", shape: [side, side, 1] }, "channels-last")
    return yield* push(chain, { type: "flatten" }, "unknown")
  }
  if (dims.length === 2 || third === undefined)
    return yield* push(chain, { type: "input", shape: [first, second, 1] }, "channels-last")
  const order = signal.order === "unknown" ? likelyOrder(chain, dims) : signal.order
  const shape = order === "channels-first" ? [second, third, first] : dims
  return yield* push(chain, { type: "input", shape }, order)
})

/** Images are grey or in three colours; where that does not decide, they are as ONNX's operators would have them. */
const likelyOrder = ({ notes }: Chain, [first = 0, second = 0, third = 0]: Shape): Order => {
  const like = (channels: number) => channels === 1 || channels === 3
  const order = like(third) && !like(first) ? "channels-last" : "channels-first"
  const words = order === "channels-first" ? [second, third, first] : [first, second, third]
  if (words[2] !== 1)
    notes.push(`its input is taken for images ${shapeText(words)} with ${order.replace("-", " ")}`)
  return order
}
