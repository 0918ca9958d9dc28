/**
 * Finds images that occur more than once, pixel for pixel: within the training set, within the test set, and test images
 * that were trained on. Every one of the last kind is a test question whose answer was given away.
 *
 * A row of the output is one of these three places; `differing labels` counts the duplicates whose label is another one
 * than the first occurrence's.
 */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { chunks, Dataset, Table } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"

export const duplicates = Stage.make("duplicates", {
  inputs: { train: Dataset, test: Dataset },
  params: Schema.Struct({}),
  output: Table,

  *run({ train, test }) {
    const trained = new Map<string, First>()
    const tested = new Map<string, First>()
    const [withinTrain, withinTest, across] = [nothingFound(), nothingFound(), nothingFound()]
    const total = train.count + test.count
    yield* eachImage(train, 0, total, (image) => {
      compare(withinTrain, trained, image)
      remember(trained, image)
    })
    yield* eachImage(test, train.count, total, (image) => {
      compare(across, trained, image)
      compare(withinTest, tested, image)
      remember(tested, image)
    })
    yield* Metrics.log("duplicates_in_train", withinTrain.images)
    yield* Metrics.log("duplicates_in_test", withinTest.images)
    yield* Metrics.log("test_images_in_train", across.images)
    return {
      title: `Duplicates in ${train.info.name} and ${test.info.name}`,
      columns,
      rows: [
        cells("within train", withinTrain, train.count, "train", "train"),
        cells("within test", withinTest, test.count, "test", "test"),
        cells("test images in train", across, test.count, "test", "train")
      ]
    }
  }
})

const columns: Table["columns"] = [
  { name: "where", type: "text" },
  { name: "duplicates", type: "number", unit: "images" },
  { name: "share", type: "number", unit: "share" },
  { name: "differing labels", type: "number", unit: "images" },
  { name: "first example", type: "text" }
]

interface First {
  readonly row: number
  readonly label: number
}

interface Image extends First {
  readonly hash: string
}

interface Found {
  images: number
  differingLabels: number
  example: readonly [repeated: number, first: number] | undefined
}

const nothingFound = (): Found => ({ images: 0, differingLabels: 0, example: undefined })

const eachImage = Effect.fnUntraced(function* (
  data: Dataset,
  before: number,
  total: number,
  visit: (image: Image) => void
) {
  const [height, width, channels] = data.info.shape
  const size = height * width * channels
  for (const [from, to] of chunks(data.count, 4 * size)) {
    const { images, labels } = yield* data.rows(from, to)
    // As floats, so that equal images are equal however each dataset stores them.
    const bytes = new Uint8Array(images.buffer, images.byteOffset, images.byteLength)
    for (const [row, label] of labels.entries()) {
      const image = bytes.subarray(4 * row * size, 4 * (row + 1) * size)
      visit({ row: from + row, label, hash: createHash("sha256").update(image).digest("base64") })
    }
    yield* Progress.report(before + to, total, "images")
  }
})

const compare = (found: Found, known: ReadonlyMap<string, First>, { hash, row, label }: Image): void => {
  const first = known.get(hash)
  if (first === undefined) return
  found.images++
  if (first.label !== label) found.differingLabels++
  found.example ??= [row, first.row]
}

const remember = (known: Map<string, First>, { hash, row, label }: Image): void => {
  if (!known.has(hash)) known.set(hash, { row, label })
}

const cells = (where: string, found: Found, count: number, repeatedIn: string, firstIn: string) => [
  where,
  found.images,
  count === 0 ? null : found.images / count,
  found.differingLabels,
  found.example === undefined ? null : `${repeatedIn} ${found.example[0]} is ${firstIn} ${found.example[1]}`
]
