/**
 * MNIST: 70,000 handwritten digits.
 *
 * @see LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/
 */
import { Effect } from "effect"
import { type DataFile, DataSource, type DataSourceError } from "./data-source.ts"
import type { GzipError } from "./gunzip.ts"
import { type IdxError, readIdx } from "./idx.ts"

export type MnistSplit = "train" | "test"

/** The images of a split, in the published order: `images` is `[count, 28, 28, 1]`, bytes; labels are the digits. */
export interface Mnist {
  readonly count: number
  readonly images: Uint8Array
  readonly labels: Int32Array
}

/** Images in each split. */
export const mnistCounts = { train: 60_000, test: 10_000 } as const

const file = (name: string, alias: string, sha256: string, size: number): DataFile => ({
  name,
  aliases: [alias],
  sha256,
  size,
  mirrors: [
    `https://storage.googleapis.com/cvdf-datasets/mnist/${name}.gz`,
    `https://ossci-datasets.s3.amazonaws.com/mnist/${name}.gz`
  ]
})

/** The four files that MNIST is published as. */
export const mnistFiles = (split: MnistSplit): { readonly images: DataFile; readonly labels: DataFile } =>
  split === "train"
    ? {
        images: file(
          "train-images-idx3-ubyte",
          "train-images.idx3-ubyte",
          "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
          47_040_016
        ),
        labels: file(
          "train-labels-idx1-ubyte",
          "train-labels.idx1-ubyte",
          "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
          60_008
        )
      }
    : {
        images: file(
          "t10k-images-idx3-ubyte",
          "t10k-images.idx3-ubyte",
          "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
          7_840_016
        ),
        labels: file(
          "t10k-labels-idx1-ubyte",
          "t10k-labels.idx1-ubyte",
          "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
          10_008
        )
      }

/** Gets a split of MNIST from wherever the `DataSource` finds it. */
export const readMnist: (
  split: MnistSplit
) => Effect.Effect<Mnist, DataSourceError | IdxError | GzipError, DataSource> = Effect.fnUntraced(
  function* (split) {
    const source = yield* DataSource
    const files = mnistFiles(split)
    const count = mnistCounts[split]
    const read = (part: DataFile, shape: ReadonlyArray<number>) =>
      Effect.flatMap(source.file("MNIST", part), (bytes) => readIdx(bytes, { file: part.name, shape }))
    const images = yield* read(files.images, [count, 28, 28])
    const labels = yield* read(files.labels, [count])
    return { count, images: images.data, labels: Int32Array.from(labels.data) }
  }
)
