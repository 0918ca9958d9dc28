/** A few rows of a dataset to show, found with few reads however large it is. */
import { Effect } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { Pixels } from "./picture.ts"

export interface Sample {
  /** Its row in the dataset. */
  readonly row: number
  readonly label: number
  readonly pixels: Pixels
}

/** Rows looked at, one by one, at equal distances, because sets may be sorted by class. */
const mostLooked = 256

/**
 * Up to `perClass` images of each of the first `classes` classes, by class, in the order of their rows.
 *
 * Of a set with more than 256 rows only 256 are looked at, so a rare class may have fewer, or none.
 */
export const sampleRows = Effect.fnUntraced(function* (
  dataset: Dataset,
  { perClass, classes }: { readonly perClass: number; readonly classes: number }
): Effect.fn.Return<ReadonlyArray<ReadonlyArray<Sample>>, DatasetError> {
  const found = dataset.info.classes.slice(0, classes).map((): Array<Sample> => [])
  const looked = Math.min(dataset.count, mostLooked)
  for (let look = 0; look < looked; look++) {
    if (found.every((samples) => samples.length === perClass)) break
    const row = Math.floor((look * dataset.count) / looked)
    const { images, labels } = yield* dataset.rows(row, row + 1)
    const label = labels[0] ?? 0
    const samples = found[label]
    if (samples !== undefined && samples.length < perClass) samples.push({ row, label, pixels: images })
  }
  return found
})
