/**
 * Loads a copy of CIFAR-10 that is not the published one: images in the same binary layout that were changed, chosen anew, or
 * are others altogether. The contents of the files are part of the key, and the copy's name goes with every result.
 */
import { readFileSync, statSync } from "node:fs"
import { Schema } from "effect"
import { Dataset } from "../src/artifact/index.ts"
import {
  type CifarImages,
  CifarWrongSize,
  cifarClasses,
  cifarRoom,
  cifarShape,
  readCifarBatch,
  recordBytes,
  recordsPerBatch
} from "../src/data/cifar10-binary.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

const places = ["first", "second", "third", "fourth", "fifth"] as const

const File = Schema.NullOr(Schema.String)

export const loadCifar10Copy = Stage.make("load-cifar10-copy", {
  inputs: {},
  params: Schema.Struct({
    /** What the copy is called, so that no result of it passes for one of CIFAR-10. */
    name: Schema.NonEmptyString,
    split: Schema.Literals(["train", "test"]),
    /** Files of 10,000 records each, in their order; as many as the images asked for need, the others `null`. */
    files: Schema.Struct({ first: File, second: File, third: File, fourth: File, fifth: File }),
    /** Only the first so many images. */
    limit: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Dataset,
  fileParams: places.map((place) => `files.${place}`),

  *run(_, { name, split, files, limit }) {
    const images: CifarImages = cifarRoom(limit)
    let at = 0
    for (const place of places) {
      const file = files[place]
      if (file === null) continue
      // A file of another length is not read at all, however long it is.
      const { size } = statSync(file)
      if (size !== recordsPerBatch * recordBytes)
        return yield* new CifarWrongSize({ file, bytes: size, records: recordsPerBatch })
      const count = Math.min(recordsPerBatch, limit - at)
      yield* readCifarBatch(readFileSync(file), { file, records: recordsPerBatch }, images, at, count)
      at += count
      yield* Progress.report(at, limit, "images")
    }
    if (at < limit) return yield* new TooFewFiles({ name, images: at, limit })
    yield* Metrics.log("images", limit)
    return Dataset.fromArrays({
      info: {
        name: `${name} ${split}`,
        shape: cifarShape,
        classes: cifarClasses,
        notes: { copyOf: "CIFAR-10", split, generated: false }
      },
      ...images
    })
  }
})

/** The files have fewer images than were asked for. */
export class TooFewFiles extends Schema.TaggedError<TooFewFiles>()("TooFewFiles", {
  name: Schema.String,
  images: Schema.Int,
  limit: Schema.Int
}) {
  override get message() {
    return `the files of ${this.name} have ${this.images} images, fewer than the ${this.limit} asked for`
  }
  get hint() {
    return `name more files, or ask for ${this.images} images or fewer`
  }
}
