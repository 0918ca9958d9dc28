/**
 * CIFAR-10: 60,000 small colour photographs of ten kinds of things.
 *
 * What is checked: the archive by the SHA-256 of the file as it is published, and files that were unpacked from it by their
 * MD5, because their SHA-256 is published nowhere. Either way the bytes are the published ones, and then every record.
 *
 * @see Krizhevsky 2009, "Learning multiple layers of features from tiny images"; https://www.cs.toronto.edu/~kriz/cifar.html
 */
import { Effect } from "effect"
import {
  type CifarError,
  type CifarImages,
  cifarRoom,
  readCifarBatch,
  recordBytes,
  recordsPerBatch
} from "./cifar10-binary.ts"
import { type DataFile, DataSource, type DataSourceError, DataUnavailable } from "./data-source.ts"
import { type GzipError, gunzipBounded } from "./gunzip.ts"
import { type BadArchive, tarMembers } from "./tar.ts"

export type CifarSplit = "train" | "test"

/** Images in each split. */
export const cifarCounts = { train: 50_000, test: 10_000 } as const

/** The files of each split, in their order. */
export const cifarBatches = {
  train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
  test: ["test_batch.bin"]
} as const

/** The directory in the archive that has them. */
const directory = "cifar-10-batches-bin"

const md5s: { readonly [file: string]: string } = {
  "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
  "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
  "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
  "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
  "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
  "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d"
}

/** An unpacked file; it is looked for in the data directory and never fetched. */
const unpacked = (name: string): DataFile => ({
  name,
  aliases: [`${directory}/${name}`],
  md5: md5s[name] ?? "",
  size: recordsPerBatch * recordBytes,
  mirrors: []
})

/** The archive as it is published. */
export const cifarArchive: DataFile = {
  name: "cifar-10-binary.tar.gz",
  aliases: [],
  asPublished: true,
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  size: 170_052_171,
  mirrors: [
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz"
  ]
}

/** Six files of 30,730,000 bytes, two short texts, and what tar adds to them. */
const maxTarBytes = 185_000_000

/**
 * The first `count` images of a split, in the published order, from wherever the `DataSource` finds them: unpacked files in
 * the data directory, or else the archive.
 */
export const readCifar10: (
  split: CifarSplit,
  count: number
) => Effect.Effect<CifarImages, DataSourceError | CifarError | GzipError | BadArchive, DataSource> =
  Effect.fnUntraced(function* (split, count) {
    const names = cifarBatches[split].slice(0, Math.ceil(count / recordsPerBatch))
    const source = yield* DataSource
    const batches = yield* Effect.forEach(names, (name) => source.file("CIFAR-10", unpacked(name))).pipe(
      Effect.catchTag("DataUnavailable", ({ tried }) => fromArchive(names, tried))
    )
    const images = cifarRoom(count)
    for (const [index, bytes] of batches.entries()) {
      const at = index * recordsPerBatch
      const file = names[index] ?? ""
      const rows = Math.min(recordsPerBatch, count - at)
      yield* readCifarBatch(bytes, { file, records: recordsPerBatch }, images, at, rows)
    }
    return images
  })

/** @param before where the unpacked files were looked for */
const fromArchive = Effect.fnUntraced(function* (
  names: ReadonlyArray<string>,
  before: DataUnavailable["tried"]
) {
  const source = yield* DataSource
  const packed = yield* source
    .file("CIFAR-10", cifarArchive)
    .pipe(
      Effect.catchTag("DataUnavailable", ({ dataset, file, tried }) =>
        Effect.fail(new DataUnavailable({ dataset, file, tried: [...before, ...tried] }))
      )
    )
  const { name } = cifarArchive
  const tar = yield* gunzipBounded(packed, { file: name, maxBytes: maxTarBytes })
  return yield* tarMembers(
    name,
    tar,
    names.map((file) => `${directory}/${file}`)
  )
})
