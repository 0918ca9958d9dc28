/**
 * Dropout masks, drawn outside the step and given to it as inputs.
 *
 * `tf.dropout` with a seed repeats one mask for ever, and without one cannot be repeated at all. These are functions of
 * (seed, step, layer).
 */
import { elementsOf } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"
import type { Signature, Tensors } from "../engine.ts"
import type { Network } from "./network.ts"

/** The purpose of these numbers, so that they are no other's. */
const purpose = 12

export const maskName = (layer: string): string => `${layer}.mask`

/** The masks that a step of training takes, by name: one per dropout layer whose rate is not zero. */
export const maskSignature = (network: Network, batch: number): Signature =>
  Object.fromEntries(
    dropouts(network).map(({ name, shape }) => [maskName(name), { dtype: "F32", shape: [batch, ...shape] }])
  )

/** Which masks: those of the `step`-th batch since training began, a non-negative integer. */
export interface MaskPosition {
  readonly seed: number
  readonly step: number
}

/**
 * Draws the masks of one step. Each number is 0 with the layer's rate, and otherwise 1 / (1 - rate).
 *
 * A smaller batch gets the first rows of a larger one's masks.
 */
export const drawMasks = (network: Network, batch: number, { seed, step }: MaskPosition): Tensors => {
  const layers = dropouts(network)
  return Object.fromEntries(
    layers.map(({ name, shape, rate }, order) => {
      const stream = new RandomStream({ seed, purpose, index: step * layers.length + order })
      return [
        maskName(name),
        { dtype: "F32", shape: [batch, ...shape], data: draw(stream, batch * elementsOf(shape), rate) }
      ]
    })
  )
}

const draw = (stream: RandomStream, count: number, rate: number): Float32Array => {
  const mask = new Float32Array(count)
  stream.fillBernoulli(mask, 1 - rate, 1 / (1 - rate))
  return mask
}

const dropouts = ({ layers, shapes }: Network) =>
  layers.flatMap((layer, index) =>
    layer.type === "dropout" && layer.rate > 0
      ? [{ name: layer.name, rate: layer.rate, shape: shapes[index] ?? [] }]
      : []
  )
