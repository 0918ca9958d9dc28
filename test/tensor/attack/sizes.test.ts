/** One set of rows in several sizes: the results of separate runs, and for one step only one gradient. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  type Attack,
  type AttackRows,
  bim,
  type Classifier,
  fgsm,
  makeAttacker,
  pgd
} from "../../../src/tensor/attack/index.ts"
import { multilayer, onCpu, randomRows } from "./classifiers.ts"

const subject = multilayer({ input: [3, 2, 2], hidden: 6, classes: 4, seed: 11 })
const rows = randomRows(subject.classifier, 11, 3)
const sizes = [0, 0.01, 0.1, 0.3, 1].map((epsilon) => ({ epsilon, stepSize: Math.max(epsilon / 2, 0.01) }))

describe("an attacker prepared for rows", () => {
  it.effect.each([
    ["fgsm", fgsm({ epsilon: 0.1 })],
    ["fgsm, l2", fgsm({ epsilon: 0.1, norm: "l2" })],
    ["fgsm at predicted labels", fgsm({ epsilon: 0.1, labels: "predicted" })],
    ["bim", bim({ epsilon: 0.1, stepSize: 0.03, steps: 4 })],
    ["pgd", pgd({ epsilon: 0.1, stepSize: 0.03, steps: 3, restarts: 2 })]
  ] as const)("attacks in each size as a run of its own: %s", ([, attack]) =>
    Effect.gen(function* () {
      const make = makeAttacker({ ...subject, attack, batchSize: 4, seed: 5 })
      const inSize = yield* (yield* make).prepare(rows)
      const alone = yield* make
      for (const size of [undefined, ...sizes]) {
        assert.deepStrictEqual(yield* inSize(size), yield* alone.run(rows, size))
      }
    }).pipe(Effect.provide(onCpu))
  )

  /** How often the network runs for five sizes; forwards and backwards count as once. */
  const networkRuns = (attack: Attack, given: AttackRows = rows) =>
    Effect.gen(function* () {
      let runs = 0
      const classifier: Classifier = {
        ...subject.classifier,
        logits: (weights, images) => {
          runs++
          return subject.classifier.logits(weights, images)
        }
      }
      const attacker = yield* makeAttacker({ ...subject, classifier, attack, batchSize: 11, seed: 5 })
      runs = 0
      const inSize = yield* attacker.prepare(given)
      for (const size of sizes) yield* inSize(size)
      return runs
    }).pipe(Effect.provide(onCpu))

  it.effect("takes no more steps once every image of a batch has succeeded", () =>
    Effect.gen(function* () {
      const still = yield* makeAttacker({ ...subject, attack: fgsm({ epsilon: 0 }), batchSize: 11, seed: 0 })
      const { predictions } = yield* still.run(rows)
      const wrong = { ...rows, labels: predictions.map((said) => (said + 1) % 4) }
      const attack: Attack = {
        ...pgd({ epsilon: 0.1, stepSize: 0.001, steps: 20 }),
        randomStart: "none",
        iterate: "first-success"
      }
      assert.strictEqual(yield* networkRuns(attack, wrong), (1 + 1) * 5)
      assert.strictEqual(yield* networkRuns({ ...attack, iterate: "last" }, wrong), (20 + 1) * 5)
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("takes one gradient for all sizes of one step, and else one for each step of each size", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* networkRuns(fgsm({ epsilon: 0.1 })), 1 + 5)
      assert.strictEqual(yield* networkRuns(fgsm({ epsilon: 0.1, randomStart: "uniform" })), (1 + 1) * 5)
      assert.strictEqual(yield* networkRuns(bim({ epsilon: 0.1, stepSize: 0.05, steps: 2 })), (2 + 1) * 5)
    })
  )
})
