/**
 * Rows that take long to make, kept in parts as they come: a stage that was cut short makes none of those again.
 *
 * A part is what was made since the one before it. A later process asks for the part that begins where the last one ended,
 * until there is none, and computes from there.
 */
import { Effect, Option, Schema } from "effect"
import type { Rows } from "../src/artifact/kinds/dataset.ts"
import type { TensorData } from "../src/artifact/tensor-data.ts"
import { Checkpoint, type CheckpointValue } from "../src/stage/index.ts"
import { joined, noRows } from "../src/tensor/evaluation/index.ts"

/** Until a part is written it lies in memory: one with so many bytes of images is written though it is not time yet. */
const mostBytes = 1 << 26

const Progress = Schema.Struct({
  /** The row after the part's last one. */
  to: Schema.Int,
  known: Schema.Finite
})
const decodeProgress = Schema.decodeUnknownOption(Progress)

export interface MakingRows<E, R> {
  /** Makes rows; called for ranges that follow each other. */
  readonly compute: (from: number, to: number) => Effect.Effect<Rows, E, R>
  /** A number to be kept with the rows made so far. */
  readonly known: () => number
  /** Rows up to `to` are there already; with them was kept what was known then. */
  readonly restored: (to: number, known: number) => Effect.Effect<void, E, R>
}

/** Succeeds with a function to be used like `compute`, which is called for what no part covers. */
export const rowsInParts = Effect.fnUntraced(function* <E, R>(making: MakingRows<E, R>) {
  const checkpoint = yield* Checkpoint
  let part: Part | undefined = { from: 0, to: 0, known: 0, rows: noRows }
  let made: Array<Rows> = []
  let madeFrom = 0
  let isKeeping = true

  /** Goes on to the part that begins with a row. Where there is none, the rest is to be made. */
  const nextPart = Effect.fnUntraced(function* (row: number) {
    const found = yield* checkpoint.part(row)
    part = found === undefined ? undefined : partOf(found)
    if (part === undefined) {
      madeFrom = row
      if (row > 0) yield* Effect.logInfo(`goes on from a checkpoint: ${row} images are there`)
    } else yield* making.restored(part.to, part.known)
  })

  const make = Effect.fnUntraced(function* (from: number, to: number) {
    const rows = yield* making.compute(from, to)
    if (!isKeeping) return rows
    made.push(rows)
    const bytes = made.reduce((sum, { images }) => sum + images.byteLength, 0)
    if (bytes >= mostBytes || (yield* checkpoint.due)) {
      const progress = { to, known: making.known() }
      const isKept = yield* checkpoint.keepPart({ position: madeFrom, progress, tensors: tensorsOf(made) })
      // Another try comes with the next rows, as long as they fit into memory.
      if (isKept) {
        made = []
        madeFrom = to
      } else if (bytes >= mostBytes) {
        made = []
        isKeeping = false
        yield* Effect.logWarning(`from row ${madeFrom} on nothing is kept before the end`)
      }
    }
    return rows
  })

  return Effect.fnUntraced(function* (from: number, to: number) {
    let rows = noRows
    for (let at = from; at < to; ) {
      if (part !== undefined && at >= part.to) yield* nextPart(at)
      const end = part === undefined ? to : Math.min(to, part.to)
      rows = joined(rows, part === undefined ? yield* make(at, end) : rowsBetween(part, at, end))
      at = end
    }
    return rows
  })
})

interface Part {
  readonly from: number
  readonly to: number
  readonly known: number
  readonly rows: Rows
}

/** As they were made, in several tensors, so that nothing is copied. */
const tensorsOf = (made: ReadonlyArray<Rows>): CheckpointValue["tensors"] =>
  new Map(
    made.flatMap(({ images, labels }, index): Array<[string, TensorData]> => {
      const width = images.length / labels.length
      return [
        [`images.${index}`, { dtype: "F32", shape: [labels.length, width], data: images }],
        [`labels.${index}`, { dtype: "I32", shape: [labels.length], data: labels }]
      ]
    })
  )

/** `undefined` for what this did not write. */
const partOf = ({ position, progress, tensors }: CheckpointValue): Part | undefined => {
  const decoded = Option.getOrUndefined(decodeProgress(progress))
  let rows = noRows
  for (let index = 0; tensors.has(`images.${index}`); index++) {
    const [images, labels] = ["images", "labels"].map((name) => tensors.get(`${name}.${index}`)?.data)
    if (!(images instanceof Float32Array && labels instanceof Int32Array)) return undefined
    rows = joined(rows, { images, labels })
  }
  if (decoded === undefined || rows.labels.length === 0) return undefined
  return rows.labels.length === decoded.to - position ? { from: position, ...decoded, rows } : undefined
}

const rowsBetween = ({ from, rows: { images, labels } }: Part, start: number, end: number): Rows => {
  const width = images.length / labels.length
  return {
    images: images.subarray((start - from) * width, (end - from) * width),
    labels: labels.subarray(start - from, end - from)
  }
}
