/** Attacks a whole dataset, of which one batch is in memory at a time. */
import { Effect, Stream } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { AttackSize } from "./attack.ts"
import type { AttackError, Attacker } from "./attacker.ts"
import type { Attacked, AttackRows } from "./rows.ts"

/** A batch before and after the attack; `clean.indices` are its rows in the dataset. */
export interface AttackedBatch {
  readonly clean: AttackRows
  readonly attacked: Attacked
}

/**
 * The rows of a dataset, attacked, in their order. For attacks whose target is not `given`.
 *
 * To craft images on one model and evaluate them on another, give these to the other's measurer.
 *
 * @param size another epsilon and step size than the attack's own; nothing is compiled for it
 */
export const attackDataset = (
  attacker: Attacker,
  dataset: Dataset,
  size?: AttackSize
): Stream.Stream<AttackedBatch, AttackError | DatasetError> => {
  const { batchSize } = attacker
  const batches = Math.ceil(dataset.count / batchSize)
  return Stream.range(0, batches - 1).pipe(
    Stream.mapEffect((batch) =>
      Effect.gen(function* () {
        const from = batch * batchSize
        const { images, labels } = yield* dataset.rows(from, Math.min(from + batchSize, dataset.count))
        const clean = { images, labels, indices: Float64Array.from(labels, (_, row) => from + row) }
        return { clean, attacked: yield* attacker.run(clean, size) }
      })
    )
  )
}
