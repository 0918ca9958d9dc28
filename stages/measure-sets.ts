/** The loop that all sweeps share: over sets of images, their batches, and epsilons. */
import { Effect } from "effect"
import type { Dataset, DatasetError } from "../src/artifact/kinds/dataset.ts"
import type { SweepPoint } from "../src/artifact/kinds/sweep.ts"
import { Progress } from "../src/stage/index.ts"
import type { Answers, AttackRows, Measurer } from "../src/tensor/attack/index.ts"
import { type Said, Tally } from "../src/tensor/evaluation/index.ts"

/**
 * Measures what a model says of each set of images at each epsilon. At epsilon 0 that is what it says of the images as they
 * are; an image that is wrong there counts as wrong at every epsilon.
 *
 * @param judge the model's answers
 * @param answer what the model says of a batch, as a function of an epsilon above 0
 */
export const measureSets = Effect.fnUntraced(function* <E, R>(given: {
  readonly sets: { readonly [name: string]: Dataset }
  readonly epsilons: ReadonlyArray<number>
  readonly batchSize: number
  readonly judge: Measurer<Answers>
  readonly answer: (rows: AttackRows) => Effect.Effect<(epsilon: number) => Effect.Effect<Said, E, R>, E, R>
}) {
  const { sets, epsilons, batchSize, judge, answer } = given
  const measured = epsilons.map((epsilon) => ({
    epsilon,
    tallies: Object.entries(sets).map(([name, { info }]) => ({ name, tally: new Tally(info.classes) }))
  }))
  const total = Object.values(sets).reduce((sum, { count }) => sum + count, 0) * epsilons.length
  let done = 0
  for (const [place, data] of Object.values(sets).entries()) {
    for (let from = 0; from < data.count; from += batchSize) {
      const rows = yield* rowsOf(data, from, Math.min(from + batchSize, data.count))
      const clean = yield* judge(rows.images, rows.labels)
      const alreadyWrong = clean.correct.map((right) => 1 - right)
      const saidAt = yield* answer(rows)
      for (const { epsilon, tallies } of measured) {
        const said = epsilon === 0 ? clean : yield* saidAt(epsilon)
        tallies[place]?.tally.add(rows.labels, said, alreadyWrong)
        done += rows.labels.length
        yield* Progress.report(done, total, "images")
      }
      // Engines compute without a pause; this is where interruptions come in.
      yield* Effect.yieldNow
    }
  }
  return measured.map(
    ({ epsilon, tallies }): SweepPoint => ({
      epsilon,
      trials: tallies.map(({ name, tally }) => tally.result(name))
    })
  )
})

const rowsOf = (data: Dataset, from: number, to: number): Effect.Effect<AttackRows, DatasetError> =>
  Effect.map(data.rows(from, to), ({ images, labels }) => ({
    images,
    labels,
    indices: Float64Array.from(labels, (_, row) => from + row)
  }))
