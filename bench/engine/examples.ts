/** Images in memory, and fresh batches of them. */
import { Dataset } from "../../src/artifact/kinds/dataset.ts"
import { elementsOf, type TensorData } from "../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../src/data/random.ts"
import type { Network } from "../../src/tensor/network/index.ts"
import { batchSize } from "./cases.ts"

/** How many there are, on both sides. */
const count = 16 * batchSize

/** Uniform noise: what it shows makes no difference to the time. */
export const makeExamples = ({ input, classes }: Network) => {
  const images = new Float32Array(count * elementsOf(input))
  new RandomStream({ seed: 1, purpose: 0, index: 0 }).fillUniform(images, 0, 1)
  return { images, labels: Int32Array.from({ length: count }, (_, row) => row % classes) }
}

export const makeDataset = (network: Network): Dataset =>
  Dataset.fromArrays({
    ...makeExamples(network),
    info: {
      name: "noise",
      shape: network.input,
      classes: Array.from({ length: network.classes }, (_, label) => String(label)),
      notes: {}
    }
  })

export interface ExampleBatch {
  /** `[batchSize, height, width, channels]`. The next batch overwrites it. */
  readonly images: Float32Array
  /** `[batchSize]`. The next batch overwrites it. */
  readonly labels: Int32Array
  /** The examples' row numbers. */
  readonly rows: Int32Array
}

/** Gives batch after batch, in an order that is drawn anew for every epoch. */
export const makeBatches = (network: Network): (() => ExampleBatch) => {
  const examples = makeExamples(network)
  const width = elementsOf(network.input)
  const images = new Float32Array(batchSize * width)
  const labels = new Int32Array(batchSize)
  let order = new Int32Array(0)
  let epoch = 0
  let at = 0
  return () => {
    if (at === order.length) {
      order = Int32Array.from(new RandomStream({ seed: 1, purpose: 1, index: epoch++ }).permutation(count))
      at = 0
    }
    const rows = order.subarray(at, at + batchSize)
    at += batchSize
    for (const [place, row] of rows.entries()) {
      images.set(examples.images.subarray(row * width, (row + 1) * width), place * width)
      labels[place] = examples.labels[row] ?? 0
    }
    return { images, labels, rows }
  }
}

/** A batch of images as the input of a program. */
export const imagesTensor = (network: Network, data: Float32Array): TensorData => ({
  dtype: "F32",
  shape: [batchSize, ...network.input],
  data
})

export const labelsTensor = (data: Int32Array): TensorData => ({ dtype: "I32", shape: [batchSize], data })
