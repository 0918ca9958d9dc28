/** What comes out of a layer, and what tensors it has, by the shape that goes in. */
import type { Signature } from "../engine.ts"
import type { Layer } from "./layer.ts"
import { conv2dShape, conv2dWeight } from "./layers/conv2d.ts"
import { denseShape, denseWeight, flattenShape } from "./layers/dense.ts"
import { depthwiseConv2dShape, depthwiseConv2dWeight } from "./layers/depthwise-conv2d.ts"
import { normaliseShape } from "./layers/normalise.ts"
import { poolShape } from "./layers/pooling.ts"
import { type Shape, type ShapeResult, shapeText } from "./shape.ts"

/** The shape of a layer's output for one example, or why there is none. */
export const outputShape = (layer: Layer, input: Shape): ShapeResult => {
  switch (layer.type) {
    case "input":
      return {
        problem: `it comes in the middle, after ${shapeText(input)}`,
        hint: "a network has one input, and it is its first layer: remove this one"
      }
    case "conv2d":
      return conv2dShape(layer, input)
    case "depthwiseConv2d":
      return depthwiseConv2dShape(layer, input)
    case "maxPool":
    case "averagePool":
      return poolShape(layer, input)
    case "dense":
      return denseShape(layer, input)
    case "flatten":
      return flattenShape(input)
    case "normalise":
      return normaliseShape(layer, input)
    default:
      return input
  }
}

/** The tensors of one layer by what they are in it: `weight`, `bias`, `running_mean`, `running_var`. */
export interface LayerTensors {
  readonly parameters: Signature
  readonly statistics: Signature
}

/** The tensors of a layer that gets `input`. */
export const tensorsOf = (layer: Layer, input: Shape): LayerTensors => {
  switch (layer.type) {
    case "conv2d":
      return weighted(conv2dWeight(layer, input), layer.useBias ? layer.filters : undefined)
    case "depthwiseConv2d": {
      const channels = (input[2] ?? 0) * layer.depthMultiplier
      return weighted(depthwiseConv2dWeight(layer, input), layer.useBias ? channels : undefined)
    }
    case "dense":
      return weighted(denseWeight(layer, input), layer.useBias ? layer.units : undefined)
    case "batchNorm": {
      const row = tensor(input.slice(-1))
      return { parameters: { weight: row, bias: row }, statistics: { running_mean: row, running_var: row } }
    }
    default:
      return { parameters: {}, statistics: {} }
  }
}

const tensor = (shape: Shape) => ({ dtype: "F32", shape }) as const

const weighted = (weight: Shape, bias: number | undefined): LayerTensors => ({
  parameters: { weight: tensor(weight), ...(bias === undefined ? {} : { bias: tensor([bias]) }) },
  statistics: {}
})
