/** What a network is made of, counted. */
import { elementsOf } from "../../artifact/tensor-data.ts"
import { tensorsOf } from "./layer-shape.ts"
import type { Network } from "./network.ts"
import { type Shape, shapeText } from "./shape.ts"

export interface LayerSummary {
  readonly name: string
  readonly type: string
  /** For one example. */
  readonly output: Shape
  /** Numbers in all of its tensors, batch statistics included. */
  readonly parameters: number
}

export interface NetworkSummary {
  readonly layers: ReadonlyArray<LayerSummary>
  readonly total: number
  readonly trainable: number
  /** Batch statistics: training changes them, but no gradient does. */
  readonly nonTrainable: number
  /** All of it as text, in the manner of Keras' `model.summary()`. */
  readonly table: string
}

/** Counts a network's parameters, layer by layer. */
export const summarise = (network: Network): NetworkSummary => {
  const layers = network.layers.map((layer, index): LayerSummary => {
    const { parameters, statistics } = tensorsOf(layer, network.shapes[index - 1] ?? [])
    return {
      name: layer.name,
      type: layer.type,
      output: network.shapes[index] ?? [],
      parameters: count({ ...parameters, ...statistics })
    }
  })
  const trainable = count(network.parameters)
  const nonTrainable = count(network.statistics)
  const total = trainable + nonTrainable
  return {
    layers,
    total,
    trainable,
    nonTrainable,
    table: table(network.name, layers, trainable, nonTrainable)
  }
}

const count = (signature: Network["parameters"]): number =>
  Object.values(signature).reduce((sum, { shape }) => sum + elementsOf(shape), 0)

const table = (
  name: string,
  layers: ReadonlyArray<LayerSummary>,
  trainable: number,
  nonTrainable: number
): string => {
  const rows = layers.map(({ name, type, output, parameters }) => [
    `${name} (${type})`,
    shapeText(output),
    grouped(parameters)
  ])
  const heads = ["layer (type)", "output shape", "parameters"]
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = ([first = "", second = "", third = ""]: ReadonlyArray<string>) =>
    `${first.padEnd(widths[0] ?? 0)}  ${second.padEnd(widths[1] ?? 0)}  ${third.padStart(widths[2] ?? 0)}`
  const rule = widths.map((width) => "─".repeat(width)).join("  ")
  return [
    `network ${name}`,
    line(heads),
    rule,
    ...rows.map(line),
    rule,
    `total parameters: ${grouped(trainable + nonTrainable)}`,
    `trainable: ${grouped(trainable)}`,
    `non-trainable: ${grouped(nonTrainable)}`
  ].join("\n")
}

/** 225034 as 225,034. */
const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",")
