/** What goes into an attack, and what comes out. */
import { Schema } from "effect"
import { elementsOf } from "../../artifact/tensor-data.ts"
import type { Attack } from "./attack.ts"
import type { Classifier } from "./classifier.ts"

/** Images to attack. */
export interface AttackRows {
  /** `[n, height, width, channels]` in [0, 1], row-major. */
  readonly images: Float32Array
  /** The true classes, `[n]`. */
  readonly labels: Int32Array
  /**
   * Each image's number in its dataset, `[n]`, in [0, 2^32). Its random starts belong to this number, whatever else is
   * attacked, in whatever order.
   */
  readonly indices: ArrayLike<number>
  /** The classes to reach, `[n]`, for an attack whose target is `given`. */
  readonly targets?: Int32Array
}

/** Images after an attack, in the order in which they came. */
export interface Attacked {
  /** `[n, height, width, channels]` in [0, 1], within epsilon of the clean ones. */
  readonly images: Float32Array
  /** The true classes, as given. */
  readonly labels: Int32Array
  /** The classes that the attack worked with: those to leave, or in a targeted attack those to reach. */
  readonly aims: Int32Array
  /** What the attacked model says of the images: `[n, classes]`. */
  readonly logits: Float32Array
  /** The class of the largest logit, the first of equal ones. */
  readonly predictions: Int32Array
  /** The attack's loss at the aim, `[n]`. */
  readonly loss: Float32Array
  /** 1 where the model no longer says the aim, or in a targeted attack where it does. */
  readonly success: Uint8Array
  /** The restart that an image was kept from, from 0. */
  readonly restarts: Int32Array
}

/** An attack that cannot be carried out on what it was given. */
export class AttackFailed extends Schema.TaggedError<AttackFailed>()("AttackFailed", {
  /** The classifier's name. */
  classifier: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `attack on ${this.classifier}: ${this.reason}`
  }
}

/** Looks at rows before anything is computed; a NaN or a byte for a pixel would give numbers that look like results. */
export const problemOfRows = (
  { name, input, classes }: Classifier,
  { target }: Pick<Attack, "target">,
  { images, labels, indices, targets }: AttackRows
): AttackFailed | undefined => {
  const failed = (reason: string, hint: string) => new AttackFailed({ classifier: name, reason, hint })
  const count = labels.length
  const width = elementsOf(input)
  if (images.length !== count * width)
    return failed(
      `${count} images of shape [${input.join(", ")}] have ${count * width} values, not ${images.length}`,
      "give as many images as labels, each of the model's input shape"
    )
  if (indices.length !== count)
    return failed(`${count} labels come with ${indices.length} indices`, "give each image its index")
  if (target === "given" && targets?.length !== count)
    return failed(
      `${count} images come with ${targets?.length ?? 0} targets`,
      "give each image the class that it is to be taken for, or choose another `target`"
    )
  const pixel = firstOutside(images)
  if (pixel !== -1)
    return failed(
      `image ${indices[Math.floor(pixel / width)]} has a pixel of ${images[pixel]}`,
      "pixels are in [0, 1]: divide bytes by 255"
    )
  const wrong = [...labels, ...(target === "given" ? (targets ?? []) : [])].find(
    (label) => label < 0 || label >= classes
  )
  if (wrong !== undefined)
    return failed(`there is no class ${wrong} among ${classes}`, "classes are numbered from 0")
  return undefined
}

/** Where the first value is that is not in [0, 1]; -1 for nowhere. A plain loop: it sees every pixel of every attack. */
export const firstOutside = (images: Float32Array): number => {
  for (let index = 0; index < images.length; index++) {
    const value = images[index] ?? 0
    if (!(value >= 0 && value <= 1)) return index
  }
  return -1
}

/** The rows `from` up to, not including, `to`, without a copy where there need be none. */
export const rowsBetween = (rows: AttackRows, width: number, from: number, to: number): AttackRows => ({
  images: rows.images.subarray(from * width, to * width),
  labels: rows.labels.subarray(from, to),
  indices: Array.prototype.slice.call(rows.indices, from, to),
  ...(rows.targets === undefined ? {} : { targets: rows.targets.subarray(from, to) })
})
