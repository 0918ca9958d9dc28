/** Two runs to look at. The second one differs in a param, a node's result, and a node more. */
import { digestOf } from "../../../src/artifact/digest.ts"
import type { Event } from "../../../src/track/event.ts"
import { foldRun } from "../../../src/track/run-view.ts"
import {
  cached,
  failed,
  finished,
  metric,
  runFinished,
  runStarted,
  skipped,
  started
} from "../reporter/events.ts"

const events: ReadonlyArray<Event> = [
  runStarted(5, 0),
  cached("train", 1, 723, { images: 60_000 }),
  started("robust", 2, "params changed: attack.seed 1 → 2"),
  ...Array.from({ length: 50 }, (_, step) => metric("robust", 2000 + step, "loss", 1 / (step + 1), step)),
  finished("robust", 372_002, 372, { loss: 0.02, accuracy: 0.9871, spread: Number.NaN }),
  started("robustAttacked", 373_003, "input changed: model"),
  failed(
    "robustAttacked",
    376_003,
    "`pgd` produced NaN at step 17 (image 4021)\nand more",
    "lower `learningRate`"
  ),
  skipped("robustReport", 376_004, "robustAttacked"),
  runFinished(380_000, "failed")
]

const changed = (event: Event): Event => {
  if (event._tag === "RunStarted") {
    return {
      ...event,
      id: "run-2",
      params: { epochs: 2, attack: { epsilon: 0.3, steps: 40 }, filters: [32, 64] }
    }
  }
  if (event._tag !== "NodeFinished") return event
  return {
    ...event,
    digest: digestOf("other"),
    metrics: { loss: 0.03, accuracy: 0.9871, spread: Number.NaN, f1: 0.5 }
  }
}

export const runA = foldRun(events)
export const runB = foldRun([...events.map(changed), cached("extra")])
