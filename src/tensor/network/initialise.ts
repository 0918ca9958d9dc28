/**
 * A network's first weights.
 *
 * The numbers of a tensor are a function of (seed, position of the tensor in the network): the same on every machine,
 * and independent of what the other tensors are. TensorFlow.js's uniform initialisers ignore their seed.
 */
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"
import type { Initialiser } from "./initialiser.ts"
import type { NamedLayer } from "./layer.ts"
import { tensorsOf } from "./layer-shape.ts"
import type { Network } from "./network.ts"
import type { Shape } from "./shape.ts"

/** The purpose of these numbers, so that they are no other's. */
const purpose = 10

/**
 * Draws a network's parameters as its layers' `init` says, and sets its statistics: running means 0, variances 1.
 *
 * Batch normalisation begins with weight 1 and bias 0.
 */
export const initialise = (
  network: Network,
  { seed }: { readonly seed: number }
): Map<string, TensorData> => {
  const parameters: Array<readonly [string, TensorData]> = []
  const statistics: Array<readonly [string, TensorData]> = []
  for (const [place, layer] of network.layers.entries()) {
    const tensors = tensorsOf(layer, network.shapes[place - 1] ?? [])
    const weight = tensors.parameters["weight"]?.shape ?? []
    for (const [role, { shape }] of Object.entries(tensors.parameters)) {
      const stream = new RandomStream({ seed, purpose, index: parameters.length })
      parameters.push([`${layer.name}.${role}`, filled(shape, numbersFor(layer, role, weight, stream))])
    }
    for (const [role, { shape }] of Object.entries(tensors.statistics)) {
      statistics.push([`${layer.name}.${role}`, filled(shape, () => (role === "running_var" ? 1 : 0))])
    }
  }
  return new Map([...parameters, ...statistics])
}

const filled = (shape: Shape, next: () => number): TensorData => {
  const data = new Float32Array(elementsOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = next()
  return { dtype: "F32", shape, data }
}

/** Where one tensor's numbers come from. `weight` is the shape of the layer's weight, which its bias may need. */
const numbersFor = (layer: NamedLayer, role: string, weight: Shape, stream: RandomStream): (() => number) => {
  if (!("init" in layer)) return () => (role === "weight" ? 1 : 0)
  const { init } = layer
  if (init === "pytorch") return uniform(stream, 1 / Math.sqrt(pytorchFanIn(layer.type, weight)))
  if (role === "bias") return () => 0
  return weights(init, fans(weight), stream)
}

const weights = (
  init: Exclude<Initialiser, "pytorch">,
  { fanIn, fanOut }: Fans,
  stream: RandomStream
): (() => number) => {
  if (typeof init !== "string") return () => init.normal * stream.normal()
  switch (init) {
    case "glorot-uniform":
      return uniform(stream, Math.sqrt(6 / (fanIn + fanOut)))
    case "he-uniform":
      return uniform(stream, Math.sqrt(6 / fanIn))
    case "he-normal": {
      const deviation = Math.sqrt(2 / fanIn)
      return () => deviation * stream.normal()
    }
    case "zeros":
      return () => 0
  }
}

const uniform = (stream: RandomStream, bound: number) => () => stream.between(-bound, bound)

interface Fans {
  readonly fanIn: number
  readonly fanOut: number
}

/** How many numbers go into and come out of a unit, as Keras counts: the last two axes times the kernel's area. */
const fans = (weight: Shape): Fans => {
  const area = elementsOf(weight.slice(0, -2))
  return { fanIn: area * (weight.at(-2) ?? 1), fanOut: area * (weight.at(-1) ?? 1) }
}

/** PyTorch counts a depthwise kernel's inputs by its own channel alone. */
const pytorchFanIn = (type: NamedLayer["type"], weight: Shape): number =>
  type === "depthwiseConv2d" ? elementsOf(weight.slice(0, 2)) : fans(weight).fanIn
