/**
 * The binary layout of CIFAR-10: records of 3,073 bytes without a header, the class and then 1,024 red, 1,024 green and
 * 1,024 blue values, row by row.
 *
 * A file has no magic number, so its length and its classes are all that can be checked of it, and both are before
 * anything is copied.
 *
 * @see https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"
 */
import { Effect, Schema } from "effect"

/** Height, width and channels of an image. */
export const cifarShape = [32, 32, 3] as const

/** What the classes are called; a label is an index into them. */
export const cifarClasses = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck"
] as const

/** Images in each file of the published set. */
export const recordsPerBatch = 10_000

const plane = 32 * 32
const imageBytes = 3 * plane

/** Bytes of a record: the class, then the three planes. */
export const recordBytes = 1 + imageBytes

/** A file whose length is not that of so many records. */
export class CifarWrongSize extends Schema.TaggedError<CifarWrongSize>()("CifarWrongSize", {
  file: Schema.String,
  bytes: Schema.Number,
  records: Schema.Int
}) {
  override get message() {
    const expected = this.records * recordBytes
    const whole = Math.floor(this.bytes / recordBytes)
    const where =
      this.bytes > expected
        ? `${this.bytes - expected} bytes follow the last record`
        : this.bytes % recordBytes === 0
          ? `it ends after ${whole} records`
          : `it ends within record ${whole}`
    return `${this.file}: has ${this.bytes} bytes, not the ${expected} of ${this.records} records of ${recordBytes}: ${where}`
  }
  get hint() {
    return this.bytes > this.records * recordBytes
      ? "it is another file, such as one of CIFAR-100 or of the Python version: take the binary version of CIFAR-10"
      : "it was cut short on its way: get it again from where it is published"
  }
}

/** A record that begins with a byte that is no class. */
export class CifarWrongLabel extends Schema.TaggedError<CifarWrongLabel>()("CifarWrongLabel", {
  file: Schema.String,
  record: Schema.Int,
  label: Schema.Int
}) {
  override get message() {
    return `${this.file}: record ${this.record} begins with ${this.label}, and classes are 0 to ${cifarClasses.length - 1}`
  }
  get hint() {
    return `its records may be of another length than ${recordBytes}: take the binary version of CIFAR-10`
  }
}

export type CifarError = CifarWrongSize | CifarWrongLabel

/** Images as this program keeps them: `images` is `[count, 32, 32, 3]`, bytes; labels index {@link cifarClasses}. */
export interface CifarImages {
  readonly images: Uint8Array
  readonly labels: Int32Array
}

/**
 * Reads the first `count` records of a file of `records` into rows `at` and following of `into`. The whole file is checked.
 *
 * @param file what errors call it
 */
export const readCifarBatch = (
  bytes: Uint8Array,
  { file, records }: { readonly file: string; readonly records: number },
  into: CifarImages,
  at: number,
  count: number
): Effect.Effect<void, CifarError> => {
  if (bytes.length !== records * recordBytes)
    return new CifarWrongSize({ file, bytes: bytes.length, records })
  for (let record = 0; record < records; record++) {
    const label = bytes[record * recordBytes] ?? 0
    if (label >= cifarClasses.length) return new CifarWrongLabel({ file, record, label })
  }
  return Effect.sync(() => {
    for (let record = 0; record < count; record++) {
      const from = record * recordBytes
      into.labels[at + record] = bytes[from] ?? 0
      interleave(bytes, from + 1, into.images, (at + record) * imageBytes)
    }
  })
}

/** Room for so many images. */
export const cifarRoom = (count: number): CifarImages => ({
  images: new Uint8Array(count * imageBytes),
  labels: new Int32Array(count)
})

/** From a plane for each colour to a colour for each pixel. */
const interleave = (from: Uint8Array, source: number, to: Uint8Array, target: number): void => {
  for (let pixel = 0; pixel < plane; pixel++) {
    to[target + 3 * pixel] = from[source + pixel] ?? 0
    to[target + 3 * pixel + 1] = from[source + plane + pixel] ?? 0
    to[target + 3 * pixel + 2] = from[source + 2 * plane + pixel] ?? 0
  }
}
