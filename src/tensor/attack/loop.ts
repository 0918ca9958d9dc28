/**
 * The projected-gradient loop, in plain TensorFlow.js: pure functions of tensors, so that they can be unrolled into one
 * graph, or stand inside a training step.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Attack } from "./attack.ts"
import { projection } from "./ball.ts"
import { accumulate, direction } from "./direction.ts"

/** What an attack climbs. */
export interface Ascent {
  readonly attack: Pick<Attack, "norm" | "momentum" | "target">
  /** Logits `[n, k]` of images `[n, height, width, channels]`; those of one image must not depend on the others. */
  readonly logits: (images: tf.Tensor) => tf.Tensor
  /** A loss `[n]` of logits and int32 labels `[n]`. */
  readonly loss: (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor
  /** How many classes there are: k. */
  readonly classes: number
  /** Clean images `[n, height, width, channels]` in [0, 1]. */
  readonly clean: tf.Tensor
  /** int32 `[n]`: the labels to leave, or in a targeted attack the classes to reach. */
  readonly labels: tf.Tensor
  /** Scalars. */
  readonly epsilon: tf.Tensor
  readonly stepSize: tf.Tensor
}

/** Where a run is. */
export interface Position {
  /** `[n, height, width, channels]`, inside the ball and the box. */
  readonly images: tf.Tensor
  /** The running sum of gradients, of the images' shape; there when the attack has momentum. */
  readonly momentum?: tf.Tensor
  /** There when the attack returns the best point. */
  readonly best?: Best
  /** There when the attack returns the first success. `[n]`: 1 for images that have succeeded, and stay where they are. */
  readonly done?: tf.Tensor
}

/** The best point that a run has left so far, image by image. */
export interface Best {
  readonly images: tf.Tensor
  /** `[n]`: the loss, or minus the loss for a targeted attack. */
  readonly gain: tf.Tensor
  /** `[n]`: 1 where the attack succeeds there, else 0. */
  readonly success: tf.Tensor
}

/** A gain below every other, and finite, because infinity times 0 is no number. */
export const lowestGain = -3e38

/**
 * Takes steps: gradient, step, projection, each image on its own.
 *
 * The gradient is that of the sum of the images' losses. In a mean, the size of the batch would scale it, and with it
 * whatever rounds to zero.
 */
export const takeSteps = (ascent: Ascent, start: Position, count: number): Position => {
  const project = projection(ascent.attack.norm, ascent.clean, ascent.epsilon)
  let position = start
  for (let step = 0; step < count; step++) position = takeStep(ascent, project, position)
  return position
}

const takeStep = (
  ascent: Ascent,
  project: (images: tf.Tensor) => tf.Tensor,
  { images, momentum, best, done }: Position
): Position => {
  const { attack, stepSize } = ascent
  const here = best === undefined && done === undefined ? undefined : gradientAndOutcome(ascent, images)
  const gradient = here?.gradient ?? gradientOf(ascent, images)
  const sum = momentum === undefined ? undefined : accumulate(attack.momentum, momentum, gradient)
  const step = tf.mul(direction(attack.norm, sum ?? gradient), stepSize)
  const next = project(tf.add(images, step))
  const stays = done === undefined || here === undefined ? undefined : tf.maximum(done, here.success)
  return {
    images: stays === undefined ? next : choose(stays, images, next, [-1, 1, 1, 1]),
    ...(stays === undefined ? {} : { done: stays }),
    ...(sum === undefined ? {} : { momentum: sum }),
    ...(best === undefined || here === undefined
      ? {}
      : { best: better(best, { images, gain: here.gain, success: here.success }) })
  }
}

/** What the attack makes larger, `[n]`. */
const gainOf = ({ attack, loss, labels }: Slope, logits: tf.Tensor): tf.Tensor =>
  attack.target === "none" ? loss(logits, labels) : tf.neg(loss(logits, labels))

/** What a gradient depends on. */
type Slope = Pick<Ascent, "logits" | "loss" | "labels"> & { readonly attack: Pick<Attack, "target"> }

/** The gradient of what the attack makes larger, at images. */
export const gradientOf = (slope: Slope, images: tf.Tensor): tf.Tensor =>
  tf.grad((each) => tf.sum(gainOf(slope, slope.logits(each))))(images)

/** The gradient, and what the model says at the same place, from one forward pass. */
const gradientAndOutcome = (ascent: Ascent, images: tf.Tensor) => {
  const { classes } = ascent
  const [count = 0] = images.shape
  // Only what the differentiated function returns outlives it, so gain and logits come out as one tensor.
  const both = (each: tf.Tensor): tf.Tensor => {
    const logits = ascent.logits(each)
    return tf.concat([tf.expandDims(gainOf(ascent, logits), 1), logits], 1)
  }
  const gainAlone = tf.concat([tf.ones([count, 1]), tf.zeros([count, classes])], 1)
  const { value, grad } = tf.valueAndGrad(both)(images, gainAlone)
  return {
    gradient: grad,
    gain: tf.reshape(tf.slice(value, [0, 0], [count, 1]), [count]),
    success: successOf(ascent, tf.slice(value, [0, 1], [count, classes]))
  }
}

/** `[n]`: 1 where the model says what the attack wants it to. */
const successOf = ({ attack, labels }: Ascent, logits: tf.Tensor): tf.Tensor => {
  const said = tf.argMax(logits, 1)
  const wanted = attack.target === "none" ? tf.notEqual(said, labels) : tf.equal(said, labels)
  return tf.cast(wanted, "float32")
}

/** The better point, image by image: success comes first, then gain; of equals the earlier one stays. */
const better = (best: Best, next: Best): Best => {
  const wins = tf.greater(next.success, best.success)
  const gains = tf.logicalAnd(tf.equal(next.success, best.success), tf.greater(next.gain, best.gain))
  const take = tf.cast(tf.logicalOr(wins, gains), "float32")
  return {
    images: choose(take, next.images, best.images, [-1, 1, 1, 1]),
    gain: choose(take, next.gain, best.gain, [-1]),
    success: choose(take, next.success, best.success, [-1])
  }
}

/**
 * The first tensor where `take` `[n]` is 1, the second where it is 0, image by image. Factors of 0 and 1 select exactly, and need
 * no kernel that broadcasts a condition.
 *
 * @param perImage the shape of one number for each image, such as `[-1, 1, 1, 1]` for images
 */
const choose = (take: tf.Tensor, first: tf.Tensor, second: tf.Tensor, perImage: Array<number>): tf.Tensor =>
  tf.add(tf.mul(first, tf.reshape(take, perImage)), tf.mul(second, tf.reshape(tf.sub(1, take), perImage)))
