/** A sweep's accuracies as metrics: `accuracy_epsilon_0.1`. */
import { Effect } from "effect"
import type { SweepPoint } from "../src/artifact/kinds/sweep.ts"
import { Metrics } from "../src/stage/index.ts"
import { accuracyAt } from "../src/tensor/evaluation/index.ts"

export const logSweep = Effect.fnUntraced(function* (points: ReadonlyArray<SweepPoint>) {
  for (const point of points)
    yield* Metrics.log(`accuracy_epsilon_${point.epsilon}`, accuracyAt(point).accuracy)
})
