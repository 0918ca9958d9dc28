/** A small network with its training step, large enough that a second thread has something to do. */
import { createHash } from "node:crypto"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { bytesOf, type TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"
import type { EngineShape, StepTensors } from "../../../src/tensor/engine.ts"

const f32 = <const Shape extends ReadonlyArray<number>>(shape: Shape) => ({ dtype: "F32" as const, shape })
const batch = 32
const inputs = { x: f32([batch, 14, 14, 1]), y: f32([batch, 10]) }
const names = ["w1", "b1", "w2", "b2", "w3", "b3"] as const
type Name = (typeof names)[number]
const state = {
  w1: f32([3, 3, 1, 16]),
  b1: f32([16]),
  w2: f32([3, 3, 16, 32]),
  b2: f32([32]),
  w3: f32([512, 10]),
  b3: f32([10])
}

const isRank4 = (x: tf.Tensor): x is tf.Tensor4D => x.rank === 4
const rank4 = (x: tf.Tensor): tf.Tensor4D => {
  if (isRank4(x)) return x
  throw new Error("images and filters have rank 4")
}
const layer = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor, pad: "same" | "valid"): tf.Tensor =>
  tf.relu(tf.add(tf.conv2d(rank4(x), rank4(w), 1, pad), b))

const loss = ({ w1, b1, w2, b2, w3, b3, x, y }: StepTensors<Name | "x" | "y">): tf.Scalar => {
  const first = tf.maxPool(rank4(layer(x, w1, b1, "same")), 2, 2, "valid")
  const second = tf.maxPool(rank4(layer(first, w2, b2, "same")), 2, 2, "same")
  const logits = tf.add(tf.matMul(tf.reshape(second, [batch, 512]), w3), b3)
  return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1)))
}

const step = (tensors: StepTensors<Name | "x" | "y">) => {
  const slopes = tf.grads((...list: Array<tf.Tensor>) => {
    const weights = names.map((name, at) => [name, list[at] ?? tensors[name]] as const)
    return loss({ ...tensors, ...Object.fromEntries(weights) })
  })(names.map((name) => tensors[name]))
  const next = (name: Name) => tf.sub(tensors[name], tf.mul(slopes[names.indexOf(name)] ?? tf.scalar(0), 0.1))
  return {
    w1: next("w1"),
    b1: next("b1"),
    w2: next("w2"),
    b2: next("b2"),
    w3: next("w3"),
    b3: next("b3"),
    loss: loss(tensors)
  }
}

const random = (index: number, shape: ReadonlyArray<number>, scale: number): TensorData => {
  const stream = new RandomStream({ seed: 1, purpose: 99, index })
  const length = shape.reduce((a, b) => a * b, 1)
  return { dtype: "F32", shape, data: Float32Array.from({ length }, () => scale * stream.between(-1, 1)) }
}

/** Losses of all steps, and a hash of the weights after the last. */
const train = (engine: EngineShape, steps: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const program = yield* engine.compile({ name: "cnn", inputs, state, step })
      const weights = (name: Name, at: number) =>
        random(at, state[name].shape, name.startsWith("b") ? 0 : 0.2)
      yield* program.load({
        w1: weights("w1", 1),
        b1: weights("b1", 2),
        w2: weights("w2", 3),
        b2: weights("b2", 4),
        w3: weights("w3", 5),
        b3: weights("b3", 6)
      })
      const x = random(7, inputs.x.shape, 1)
      const y: TensorData = {
        ...inputs.y,
        data: Float32Array.from({ length: batch * 10 }, (_, at) =>
          at % 10 === Math.floor(at / 10) % 10 ? 1 : 0
        )
      }
      const losses: Array<number> = []
      for (let at = 0; at < steps; at++)
        losses.push((yield* program.run({ x, y })).loss.data[0] ?? Number.NaN)
      const hash = createHash("sha256")
      const after = yield* program.read
      for (const name of names) hash.update(bytesOf(after[name].data))
      return { losses, hash: hash.digest("hex") }
    })
  )

export const cnn = { train }
