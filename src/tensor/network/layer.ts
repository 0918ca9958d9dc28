/** The layers a network may have, as data. Each has a file in `layers/`, which says what it computes. */
import { Schema } from "effect"
import { Activation, LeakyRelu } from "./layers/activation.ts"
import { BatchNorm } from "./layers/batch-norm.ts"
import { Conv2d } from "./layers/conv2d.ts"
import { Dense, Flatten } from "./layers/dense.ts"
import { DepthwiseConv2d } from "./layers/depthwise-conv2d.ts"
import { Dropout } from "./layers/dropout.ts"
import { Input } from "./layers/input.ts"
import { Normalise } from "./layers/normalise.ts"
import { AveragePool, MaxPool } from "./layers/pooling.ts"

/** The schema of each type of layer. */
export const layerSchemas = {
  input: Input,
  normalise: Normalise,
  conv2d: Conv2d,
  depthwiseConv2d: DepthwiseConv2d,
  maxPool: MaxPool,
  averagePool: AveragePool,
  batchNorm: BatchNorm,
  relu: Activation,
  leakyRelu: LeakyRelu,
  elu: Activation,
  sigmoid: Activation,
  tanh: Activation,
  softplus: Activation,
  gelu: Activation,
  dropout: Dropout,
  flatten: Flatten,
  dense: Dense
}

export type LayerType = keyof typeof layerSchemas

export const isLayerType = (type: string): type is LayerType => Object.hasOwn(layerSchemas, type)

/** A layer of any type. */
export const Layer = Schema.Union([
  Input,
  Normalise,
  Conv2d,
  DepthwiseConv2d,
  MaxPool,
  AveragePool,
  BatchNorm,
  Activation,
  LeakyRelu,
  Dropout,
  Flatten,
  Dense
])
/** A layer with its defaults filled in. */
export type Layer = typeof Layer.Type
/** A layer as people write it: what has a default may be left out. */
export type LayerDescription = typeof Layer.Encoded

/** A layer that knows its name, as those of a checked network do. */
export type NamedLayer = Layer & { readonly name: string }
