/** Small classifiers to attack, of which it is known what an attack must do. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"
import { syntheticDigits } from "../../../src/data/synthetic-digits.ts"
import type { AttackRows, Classifier } from "../../../src/tensor/attack/index.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import { Engine, type StepTensors } from "../../../src/tensor/engine.ts"

/** The engine of all these tests. */
export const onCpu = Layer.effect(Engine, cpuEngine)

export const tensor = (shape: ReadonlyArray<number>, data: ArrayLike<number>): TensorData => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(data)
})

type Weights = ReadonlyMap<string, TensorData>

export interface Subject {
  readonly classifier: Classifier
  readonly weights: Weights
}

const weightOf = (weights: StepTensors, name: string): tf.Tensor => weights[name] ?? tf.scalar(Number.NaN)

const flat = (images: tf.Tensor): tf.Tensor => tf.reshape(images, [images.shape[0] ?? 0, -1])

/** Logits `x W + b`, with rows of W as given: one per value of the image. */
export const linear = (
  input: readonly [number, number, number],
  rows: ReadonlyArray<ReadonlyArray<number>>,
  bias: ReadonlyArray<number> = []
): Subject => {
  const classes = rows[0]?.length ?? 0
  return {
    classifier: {
      name: "linear",
      input,
      classes,
      weights: {
        "fc.weight": { dtype: "F32", shape: [rows.length, classes] },
        "fc.bias": { dtype: "F32", shape: [classes] }
      },
      logits: (weights, images) =>
        tf.add(tf.matMul(flat(images), weightOf(weights, "fc.weight")), weightOf(weights, "fc.bias"))
    },
    weights: new Map([
      ["fc.weight", tensor([rows.length, classes], rows.flat())],
      ["fc.bias", tensor([classes], bias.length === 0 ? new Float32Array(classes) : bias)]
    ])
  }
}

/** Two classes; the first logit is minus the squared distance from a centre, the second is 0. */
export const quadratic = (
  input: readonly [number, number, number],
  centre: ReadonlyArray<number>
): Subject => ({
  classifier: {
    name: "quadratic",
    input,
    classes: 2,
    weights: { "bowl.centre": { dtype: "F32", shape: [centre.length] } },
    logits: (weights, images) => {
      const distance = tf.sum(tf.square(tf.sub(flat(images), weightOf(weights, "bowl.centre"))), 1, true)
      return tf.concat([tf.neg(distance), tf.mul(distance, 0)], 1)
    }
  },
  weights: new Map([["bowl.centre", tensor([centre.length], centre)]])
})

/** A network of one hidden layer with random weights, whose logits are multiplied by `scale`. */
export const multilayer = (options: {
  readonly input: readonly [number, number, number]
  readonly hidden: number
  readonly classes: number
  readonly seed: number
  readonly scale?: number
}): Subject => {
  const { input, hidden, classes, seed, scale = 1 } = options
  const values = input[0] * input[1] * input[2]
  const draw = (rows: number, columns: number, index: number): TensorData => {
    const stream = new RandomStream({ seed, purpose: 10, index })
    const numbers = Float32Array.from({ length: rows * columns }, () => stream.normal() * Math.sqrt(2 / rows))
    return tensor([rows, columns], numbers)
  }
  return {
    classifier: {
      name: "multilayer",
      input,
      classes,
      weights: {
        "fc1.weight": { dtype: "F32", shape: [values, hidden] },
        "fc2.weight": { dtype: "F32", shape: [hidden, classes] }
      },
      logits: (weights, images) =>
        tf.mul(
          tf.matMul(
            tf.relu(tf.matMul(tf.sub(flat(images), 0.5), weightOf(weights, "fc1.weight"))),
            weightOf(weights, "fc2.weight")
          ),
          scale
        )
    },
    weights: new Map([
      ["fc1.weight", draw(values, hidden, 0)],
      ["fc2.weight", draw(hidden, classes, 1)]
    ])
  }
}

/** Random images of a classifier's shape, with random labels, numbered from 0. */
export const randomRows = ({ input, classes }: Classifier, count: number, seed: number): AttackRows => {
  const random = new RandomStream({ seed, purpose: 1, index: 0 })
  return {
    images: Float32Array.from({ length: count * input[0] * input[1] * input[2] }, () => random.uniform()),
    labels: Int32Array.from({ length: count }, () => random.int(classes)),
    indices: Array.from({ length: count }, (_, row) => row)
  }
}

/** Generated digits, shrunk to 14 × 14 by the mean of four pixels. */
export const smallDigits = (split: "train" | "test", count: number): AttackRows => {
  const { images, labels } = syntheticDigits({ seed: 5, split }, 0, count)
  const small = new Float32Array(count * 196)
  for (const [at] of small.entries()) {
    const corner = Math.floor(at / 196) * 784 + 56 * Math.floor((at % 196) / 14) + 2 * (at % 14)
    const four = [corner, corner + 1, corner + 28, corner + 29]
    small[at] = four.reduce((sum, pixel) => sum + (images[pixel] ?? 0), 0) / (4 * 255)
  }
  return { images: small, labels, indices: Array.from(labels, (_, row) => row) }
}

/** A multilayer classifier of small digits, after some epochs of plain gradient descent on the whole set. */
export const trainedOnDigits = Effect.fnUntraced(function* (rows: AttackRows, steps: number) {
  const subject = multilayer({ input: [14, 14, 1], hidden: 32, classes: 10, seed: 3 })
  const engine = yield* Engine
  const count = rows.labels.length
  const program = yield* engine.compile({
    name: "descent",
    inputs: { x: { dtype: "F32", shape: [count, 14, 14, 1] }, y: { dtype: "I32", shape: [count] } },
    state: {
      "fc1.weight": { dtype: "F32", shape: [196, 32] },
      "fc2.weight": { dtype: "F32", shape: [32, 10] }
    },
    step: (tensors) => {
      const { x, y, "fc1.weight": first, "fc2.weight": second } = tensors
      const loss = (a: tf.Tensor, b: tf.Tensor) => {
        const logits = subject.classifier.logits({ "fc1.weight": a, "fc2.weight": b }, x)
        return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(y, 10)), 1)))
      }
      const [a, b] = tf.grads(loss)([first, second])
      if (a === undefined || b === undefined) throw new Error("no gradient")
      return {
        "fc1.weight": tf.sub(first, tf.mul(a, 0.15)),
        "fc2.weight": tf.sub(second, tf.mul(b, 0.15))
      }
    }
  })
  const first = subject.weights.get("fc1.weight")
  const second = subject.weights.get("fc2.weight")
  if (first === undefined || second === undefined) throw new Error("no weights")
  yield* program.load({ "fc1.weight": first, "fc2.weight": second })
  const x: TensorData = { dtype: "F32", shape: [count, 14, 14, 1], data: rows.images }
  const y: TensorData = { dtype: "I32", shape: [count], data: rows.labels }
  for (let step = 0; step < steps; step++) yield* program.run({ x, y })
  const weights = yield* program.read
  return { classifier: subject.classifier, weights: new Map(Object.entries(weights)) } satisfies Subject
})

/** The same classifier with all logits multiplied: as accurate, and more confident. */
export const moreConfident = ({ classifier, weights }: Subject, factor: number): Subject => ({
  classifier: {
    ...classifier,
    logits: (tensors, images) => tf.mul(classifier.logits(tensors, images), factor)
  },
  weights
})

export const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
