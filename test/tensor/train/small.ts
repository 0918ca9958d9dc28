/** A training small enough for tests: blobs in corners of 6 by 6 images, and a network with every kind of state. */
import { Effect } from "effect"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"
import { initialise, makeNetwork } from "../../../src/tensor/network/index.ts"
import type { Checkpoint, Trained, TrainingOptions } from "../../../src/tensor/train/index.ts"

const side = 6
const classes = ["top left", "top right", "bottom left"]

/** Images of noise with a bright corner; the corner is the class. */
export const corners = (count: number, seed: number, dtype: "U8" | "F32" = "U8") => {
  const random = new RandomStream({ seed, purpose: 17, index: 0 })
  const bytes = new Uint8Array(count * side * side)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    const label = random.int(3)
    labels[row] = label
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const bright = (label === 2 ? y >= 3 : y < 3) && (label === 1 ? x >= 3 : x < 3)
        bytes[(row * side + y) * side + x] = random.int(150) + (bright ? 70 : 0)
      }
  }
  return Dataset.fromArrays({
    info: { name: `corners ${seed}`, shape: [side, side, 1], classes, notes: {} },
    images: dtype === "U8" ? bytes : Float32Array.from(bytes, (byte) => byte / 255),
    labels
  })
}

export const tinyNetwork = makeNetwork({
  name: "tiny",
  layers: [
    { type: "input", shape: [side, side, 1] },
    { type: "conv2d", filters: 3, kernelSize: [3, 3] },
    { type: "batchNorm" },
    { type: "relu" },
    { type: "maxPool", size: [2, 2] },
    { type: "flatten" },
    { type: "dense", units: 8 },
    { type: "relu" },
    { type: "dropout", rate: 0.25 },
    { type: "dense", units: 3 }
  ]
})

/** One dense layer: logits are linear in the pixels. */
export const linearNetwork = makeNetwork({
  name: "linear",
  layers: [{ type: "input", shape: [side, side, 1] }, { type: "flatten" }, { type: "dense", units: 3 }]
})

export const options: TrainingOptions = {
  epochs: 3,
  batchSize: 16,
  lastBatch: "keep",
  loss: "cross-entropy",
  labelSmoothing: 0,
  optimiser: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: { type: "constant", learningRate: 0.01, warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  clipNorm: null,
  earlyStopping: null,
  seed: 3,
  evaluationBatchSize: 32
}

/** A training of the tiny network: 56 examples, so that the last of four batches has 8. */
export const tinyTraining = Effect.map(tinyNetwork, (network) => ({
  network,
  weights: initialise(network, { seed: 1 }),
  data: corners(56, 1),
  validation: corners(40, 2),
  options
}))

/** Bytes of tensors, by name, to be compared. */
export const bytes = (tensors: ReadonlyMap<string, TensorData>) =>
  [...tensors]
    .map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")
    ])
    .sort()

/** Everything that two equal trainings share. */
export const wholeResult = ({ weights, history, epoch, stopped, checkpoint }: Trained) => ({
  weights: bytes(weights),
  history,
  epoch,
  stopped,
  progress: checkpoint.progress,
  tensors: bytes(checkpoint.tensors)
})

/** A checkpoint as it comes back from a disk. */
export const stored = ({ progress, tensors }: Checkpoint): Checkpoint => ({
  progress: JSON.parse(JSON.stringify(progress)),
  tensors: new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]))
})
