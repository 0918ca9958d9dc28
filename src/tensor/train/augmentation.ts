/**
 * Augmentation: every epoch sees every image mirrored or not, and turned a little.
 *
 * An image's mirror and angle belong to (seed, epoch, its row in the dataset), whatever batch it comes in. Where each pixel comes
 * from is computed outside of the step, which then gathers the pixels: so an attack in the step attacks what the network sees.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"
import type { Network } from "../network/index.ts"
import { named } from "../optimiser/index.ts"
import type { BatchPosition, Objective } from "./objective.ts"

export const Augmentation = Schema.Struct({
  /** Whether half of the images are mirrored, left to right. */
  flip: Schema.Boolean,
  /** The largest angle in degrees; each image is turned by less, either way, each angle as likely as the other. 0 for none. */
  rotation: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 90 }))
})
export type Augmentation = typeof Augmentation.Type

/** What these random numbers are for: no other use of a seed has this number. */
const purpose = 16

/**
 * An objective of augmented images. A pixel takes the value of the one that it comes from, to the nearest, and is 0 where that
 * lies outside of the image.
 *
 * @see torchvision's `RandomHorizontalFlip` and `RandomRotation`, whose defaults these are
 */
export const augmentedObjective = (
  { input }: Network,
  augmentation: Augmentation,
  objective: Objective
): Objective => {
  const [height, width, channels] = input
  const pixels = height * width
  return {
    inputs: (batch) => ({
      ...objective.inputs?.(batch),
      augmentedFrom: { dtype: "I32", shape: [batch * pixels] }
    }),
    draw: (position) => ({
      ...objective.draw?.(position),
      augmentedFrom: drawSources(augmentation, height, width, position)
    }),
    prepare: (context) => {
      // One more pixel, which is black, for what comes from outside.
      const rows = tf.concat([tf.reshape(context.images, [-1, channels]), tf.zeros([1, channels])])
      const gathered = tf.gather(rows, named(context.extras, "augmentedFrom"))
      const augmented = tf.reshape(gathered, context.images.shape)
      return { augmented, ...objective.prepare?.({ ...context, images: augmented }) }
    },
    loss: (context) => objective.loss({ ...context, images: named(context.extras, "augmented") })
  }
}

/** For each pixel of a batch the one that it takes its value from, `[n * height * width]`; the one after the last is black. */
const drawSources = (
  { flip, rotation }: Augmentation,
  height: number,
  width: number,
  { seed, epoch, rows }: BatchPosition
): TensorData => {
  const pixels = height * width
  const data = new Int32Array(rows.length * pixels)
  for (const [at, row] of rows.entries()) {
    const random = new RandomStream({ seed, purpose, index: epoch * 2 ** 32 + row })
    const mirrored = flip && random.bernoulli(0.5)
    const degrees = rotation === 0 ? 0 : random.between(-rotation, rotation)
    const sources = data.subarray(at * pixels, (at + 1) * pixels)
    turnedFrom(height, width, mirrored, degrees, sources)
    for (const [pixel, source] of sources.entries())
      sources[pixel] = source === -1 ? data.length : at * pixels + source
  }
  return { dtype: "I32", shape: [data.length], data }
}

/**
 * Which pixel of an image each pixel of its mirrored, then turned copy is, `[height * width]`; -1 for none.
 *
 * @param degrees in [-90, 90]; a small positive angle turns what is on the right downwards
 */
export const turnedFrom = (
  height: number,
  width: number,
  mirrored: boolean,
  degrees: number,
  sources: Int32Array
): void => {
  const { sine, cosine } = sineAndCosine((degrees * Math.PI) / 180)
  const middleX = (width - 1) / 2
  const middleY = (height - 1) / 2
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x - middleX
      const dy = y - middleY
      const fromX = Math.floor(cosine * dx + sine * dy + middleX + 0.5)
      const fromY = Math.floor(cosine * dy - sine * dx + middleY + 0.5)
      const inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height
      sources[y * width + x] = inside ? fromY * width + (mirrored ? width - 1 - fromX : fromX) : -1
    }
  }
}

/** By their Taylor series, for angles up to a right one: the platform's functions differ in the last digit. */
const sineAndCosine = (angle: number): { readonly sine: number; readonly cosine: number } => {
  const square = -angle * angle
  let sine = 1
  let cosine = 1
  for (let order = 20; order >= 2; order -= 2) {
    cosine = 1 + (cosine * square) / (order * (order - 1))
    sine = 1 + (sine * square) / (order * (order + 1))
  }
  return { sine: angle * sine, cosine }
}
