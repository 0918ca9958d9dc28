/**
 * A dataset's rows in any order, for batches.
 *
 * Images that fit the budget are read once, as they are stored, and every epoch is one permutation of the rows. Larger
 * ones are read in blocks, again in every epoch, and shuffled block by block: the blocks come in random order, as many at
 * a time as the budget holds, and the rows of these are permuted among each other. Rows that are far apart in the dataset
 * still meet in a batch, but not any row any other, and the order depends on the budget.
 */
import { Effect } from "effect"
import { chunks, type Dataset, type DatasetError, type RawRows } from "../../artifact/kinds/dataset.ts"
import { elementsOf } from "../../artifact/tensor-data.ts"
import { RandomStream } from "../../data/random.ts"

export interface RowSource {
  readonly count: number
  /** The rows in an epoch's order, all of them once. A function of (seed, epoch). */
  readonly order: (seed: number, epoch: number) => Int32Array
  /**
   * Copies rows into a batch: pixels in [0, 1] into `images`, which holds `rows.length` images, and classes into
   * `labels`. Rows that follow each other in an epoch's order are the fast case.
   */
  readonly gather: (
    rows: Int32Array,
    images: Float32Array,
    labels: Int32Array
  ) => Effect.Effect<void, DatasetError>
}

/** How much memory images may take, in bytes, where nothing else is said. */
export const defaultMemoryBudget = 1.5e9

/** How large a block is where the budget holds many of them. */
const blockBytes = 1 << 22

/** The purpose of the shuffles' random numbers, so that they are no other's. */
const purpose = 11

/** @param memoryBudget bytes that images may take in memory */
export const rowSource = (
  dataset: Dataset,
  memoryBudget: number = defaultMemoryBudget
): Effect.Effect<RowSource, DatasetError> => {
  const width = elementsOf(dataset.info.shape)
  const rowBytes = width * (storedAsBytes(dataset) ? 1 : 4)
  return dataset.count * rowBytes <= memoryBudget
    ? inMemory(dataset, width, rowBytes)
    : Effect.succeed(inBlocks(dataset, width, rowBytes, memoryBudget))
}

const storedAsBytes = ({ layout }: Dataset): boolean => layout._tag === "Stored" && layout.dtype === "U8"

const inMemory = Effect.fnUntraced(function* (dataset: Dataset, width: number, rowBytes: number) {
  const { count } = dataset
  const images = storedAsBytes(dataset) ? new Uint8Array(count * width) : new Float32Array(count * width)
  const labels = new Int32Array(count)
  for (const [from, to] of chunks(count, rowBytes)) {
    const rows = yield* dataset.rawRows(from, to)
    images.set(rows.images, from * width)
    labels.set(rows.labels, from)
  }
  const source: RowSource = {
    count,
    order: (seed, epoch) => new RandomStream({ seed, purpose, index: epoch }).permutation(count),
    gather: (rows, intoImages, intoLabels) =>
      Effect.sync(() => {
        for (const [at, row] of rows.entries()) {
          copyImage(images, row, width, intoImages, at)
          intoLabels[at] = labels[row] ?? 0
        }
      })
  }
  return source
})

const inBlocks = (dataset: Dataset, width: number, rowBytes: number, memoryBudget: number): RowSource => {
  const { count } = dataset
  const blockRows = Math.max(1, Math.floor(Math.min(blockBytes, memoryBudget / 16) / rowBytes))
  const capacity = Math.max(1, Math.floor(memoryBudget / (blockRows * rowBytes)))
  const blocks = Array.from({ length: Math.ceil(count / blockRows) }, (_, index) => {
    const from = index * blockRows
    return [from, Math.min(from + blockRows, count)] as const
  })
  const held = new Map<number, RawRows>()

  const blockOf = (index: number): Effect.Effect<RawRows, DatasetError> => {
    const [from, to] = blocks[index] ?? [0, 0]
    // An epoch's order is done with its earlier blocks when it comes to new ones.
    const oldest = held.size < capacity ? undefined : held.keys().next().value
    if (oldest !== undefined) held.delete(oldest)
    return Effect.tap(dataset.rawRows(from, to), (rows) => Effect.sync(() => held.set(index, rows)))
  }

  return {
    count,
    order: (seed, epoch) => blockOrder(new RandomStream({ seed, purpose, index: epoch }), blocks, capacity),
    gather: Effect.fnUntraced(function* (rows, images, labels) {
      for (const [at, row] of rows.entries()) {
        const index = Math.floor(row / blockRows)
        const block = held.get(index) ?? (yield* blockOf(index))
        const within = row - index * blockRows
        copyImage(block.images, within, width, images, at)
        labels[at] = block.labels[within] ?? 0
      }
    })
  }
}

/** The rows of all blocks: blocks in random order, and the rows of each `capacity` of them in random order. */
const blockOrder = (
  random: RandomStream,
  blocks: ReadonlyArray<readonly [from: number, to: number]>,
  capacity: number
): Int32Array => {
  const order = new Int32Array(blocks.at(-1)?.[1] ?? 0)
  const sequence = random.permutation(blocks.length)
  let at = 0
  for (let first = 0; first < sequence.length; first += capacity) {
    const rows: Array<number> = []
    for (const index of sequence.subarray(first, first + capacity)) {
      const [from, to] = blocks[index] ?? [0, 0]
      for (let row = from; row < to; row++) rows.push(row)
    }
    for (const position of random.permutation(rows.length)) order[at++] = rows[position] ?? 0
  }
  return order
}

/** The pixel that each byte stands for. */
const pixels = Float32Array.from({ length: 256 }, (_, byte) => byte / 255)

/** Copies image `row` of `from` to place `at` of `to`. */
const copyImage = (
  from: Uint8Array | Float32Array,
  row: number,
  width: number,
  to: Float32Array,
  at: number
): void => {
  const source = row * width
  const target = at * width
  if (from instanceof Float32Array) to.set(from.subarray(source, source + width), target)
  else for (let i = 0; i < width; i++) to[target + i] = pixels[from[source + i] ?? 0] ?? 0
}
