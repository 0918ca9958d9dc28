/** Judges a network on the validation data, again and again while it trains. */
import { Effect } from "effect"
import type { Tensors } from "../engine.ts"
import { makeEvaluator } from "./evaluator.ts"
import { rowSource } from "./row-source.ts"
import type { Training } from "./training.ts"

/**
 * The function from a training's state to the mean cross-entropy and the share of right predictions, in evaluation mode;
 * it gives `undefined` where there is no validation data.
 */
export const makeValidator = Effect.fnUntraced(function* <E, R>(training: Training<E, R>) {
  const { network, validation, options, memoryBudget } = training
  if (validation === undefined) return () => Effect.undefined
  const { count } = validation
  const evaluator = yield* makeEvaluator(network, Math.min(options.evaluationBatchSize, count))
  const source = yield* rowSource(validation, memoryBudget)
  const rows = Int32Array.from({ length: count }, (_, row) => row)

  return Effect.fnUntraced(function* (state: Tensors) {
    yield* evaluator.load(state)
    let lossSum = 0
    let correct = 0
    for (let from = 0; from < count; from += evaluator.batchSize) {
      const batch = rows.subarray(from, from + evaluator.batchSize)
      yield* source.gather(batch, evaluator.images, evaluator.labels)
      const { loss, prediction } = yield* evaluator.run(batch.length)
      for (const value of loss) lossSum += value
      for (const [at, predicted] of prediction.entries()) if (predicted === evaluator.labels[at]) correct++
      yield* Effect.yieldNow
    }
    return { loss: lossSum / count, accuracy: correct / count }
  })
})
