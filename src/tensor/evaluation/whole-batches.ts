/** Rows that are computed in batches and asked for in other portions. */
import { Effect } from "effect"
import type { Rows } from "../../artifact/kinds/dataset.ts"

/**
 * Computes rows in whole batches, the last one excepted, whatever ranges are asked for. Rows that were computed and not yet
 * asked for are kept, so that of ranges that follow each other no row is computed twice.
 *
 * @param compute gives the rows `from` up to, not including, `to`
 * @param count how many rows there are
 */
export const inWholeBatches = <E, R>(
  compute: (from: number, to: number) => Effect.Effect<Rows, E, R>,
  count: number,
  batchSize: number
): ((from: number, to: number) => Effect.Effect<Rows, E, R>) => {
  let kept: Rows = noRows
  let keptFrom = 0
  return Effect.fnUntraced(function* (from: number, to: number) {
    let rows = keptFrom === from ? kept : noRows
    const next = from + rows.labels.length
    if (next < to) {
      const end = Math.min(count, next + batchSize * Math.ceil((to - next) / batchSize))
      rows = joined(rows, yield* compute(next, end))
    }
    kept = part(rows, to - from, rows.labels.length)
    keptFrom = to
    return part(rows, 0, to - from)
  })
}

export const noRows: Rows = { images: new Float32Array(0), labels: new Int32Array(0) }

/** Rows and those that follow them. */
export const joined = (first: Rows, second: Rows): Rows => {
  if (first.labels.length === 0) return second
  const images = new Float32Array(first.images.length + second.images.length)
  const labels = new Int32Array(first.labels.length + second.labels.length)
  images.set(first.images)
  images.set(second.images, first.images.length)
  labels.set(first.labels)
  labels.set(second.labels, first.labels.length)
  return { images, labels }
}

/** A copy, so that what is kept does not keep the rest in memory. */
const part = ({ images, labels }: Rows, from: number, to: number): Rows => {
  const width = labels.length === 0 ? 0 : images.length / labels.length
  return { images: images.slice(from * width, to * width), labels: labels.slice(from, to) }
}
