/** Which of several points is kept, image by image. */
import type { Attacked } from "./rows.ts"

/** Points of a batch, with what the model says of them. `gain` is the loss, or minus the loss in a targeted attack. */
export type Outcome = Omit<Attacked, "labels" | "aims" | "restarts"> & { readonly gain: Float32Array }

/** Whether `other`'s point of an image is better for the attacker than the kept one. */
export type Better = (kept: Outcome, other: Outcome, image: number) => boolean

/** Within a run: success comes first, then gain. */
export const higher: Better = (kept, other, image) => {
  const won = (other.success[image] ?? 0) - (kept.success[image] ?? 0)
  return won === 0 ? (other.gain[image] ?? 0) > (kept.gain[image] ?? 0) : won > 0
}

/** Between restarts: the first success stays, because there is nothing left to win. */
export const firstSuccess: Better = (kept, other, image) =>
  kept.success[image] === 0 && higher(kept, other, image)

/** Takes over the points that are better, into `kept`; says which images they belong to. */
export const keepBetter = (
  kept: Outcome,
  other: Outcome,
  count: number,
  isBetter: Better
): ReadonlyArray<number> => {
  const images = Array.from({ length: count }, (_, image) => image)
  const better = images.filter((image) => isBetter(kept, other, image))
  const batch = kept.success.length
  for (const image of better) {
    copyRow(kept.images, other.images, image, batch)
    copyRow(kept.logits, other.logits, image, batch)
    copyRow(kept.predictions, other.predictions, image, batch)
    copyRow(kept.loss, other.loss, image, batch)
    copyRow(kept.gain, other.gain, image, batch)
    copyRow(kept.success, other.success, image, batch)
  }
  return better
}

const copyRow = <A extends Float32Array | Int32Array | Uint8Array>(
  into: A,
  from: A,
  row: number,
  rows: number
): void => {
  const width = into.length / rows
  into.set(from.subarray(row * width, (row + 1) * width), row * width)
}
