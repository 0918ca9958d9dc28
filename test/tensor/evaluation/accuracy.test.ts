import { assert, describe, it } from "@effect/vitest"
import { bim, fgsm, mifgsm, pgd } from "../../../src/tensor/attack/index.ts"
import {
  accuracyAt,
  accuracyOf,
  attackText,
  epsilonText,
  pointAt,
  wilsonError
} from "../../../src/tensor/evaluation/index.ts"

const trial = (count: number, correct: number) => ({
  set: "s",
  count,
  correct,
  perClass: [],
  confidence: 1,
  wrongConfidence: null,
  loss: 0
})

describe("accuracy", () => {
  it("of one set has half the width of Wilson's interval as its standard error", () => {
    const { accuracy, standardError, count, sets } = accuracyOf({ count: 100, correct: 50 })
    assert.deepStrictEqual({ accuracy, count, sets }, { accuracy: 0.5, count: 100, sets: 1 })
    assert.closeTo(standardError, 0.049752, 1e-6)
    assert.deepStrictEqual(accuracyAt({ trials: [trial(100, 50)] }), accuracyOf({ count: 100, correct: 50 }))
    // Of many images it is the binomial one.
    assert.closeTo(wilsonError(0.5, 1e6), 0.0005, 1e-9)
  })

  it("is not certain where none of a few images is right, or all", () => {
    // The interval is [0, 1 / (n + 1)].
    assert.closeTo(accuracyOf({ count: 150, correct: 0 }).standardError, 1 / 151 / 2, 1e-12)
    assert.closeTo(accuracyOf({ count: 150, correct: 150 }).standardError, 1 / 151 / 2, 1e-12)
  })

  it("of several sets is their mean, with the standard error of the mean", () => {
    const { accuracy, standardError, count, sets } = accuracyAt({
      trials: [trial(10, 5), trial(10, 7), trial(10, 9)]
    })
    assert.closeTo(accuracy, 0.7, 1e-12)
    assert.closeTo(standardError, 0.2 / Math.sqrt(3), 1e-12)
    assert.deepStrictEqual([count, sets], [30, 3])
  })

  it("is found at an epsilon that was computed otherwise", () => {
    const points = [{ epsilon: 0.1 + 0.2, trials: [] }]
    assert.strictEqual(pointAt({ points }, 0.3), points[0])
    assert.isUndefined(pointAt({ points }, 0.31))
  })
})

describe("attackText", () => {
  it("says what matters of an attack", () => {
    assert.strictEqual(attackText(fgsm({ epsilon: 0.1, loss: "raw-logit" })), "FGSM, raw-logit")
    assert.strictEqual(
      attackText(pgd({ epsilon: 0.3, stepSize: 0.075, steps: 40, restarts: 2, norm: "l2" })),
      "PGD, L2, 40 steps of 0.075, 2 restarts, cross-entropy"
    )
    assert.strictEqual(
      attackText(bim({ epsilon: 1, stepSize: 0.5, steps: 10 })),
      "BIM, 10 steps of 0.5, cross-entropy"
    )
    const tenth = pgd({ epsilon: 0.2, stepSize: 0.02, steps: 20 })
    assert.strictEqual(attackText(tenth, "relative"), "PGD, 20 steps of 0.1 epsilon, cross-entropy")
    assert.strictEqual(attackText(tenth, "omitted"), "PGD, 20 steps, cross-entropy")
    assert.strictEqual(
      attackText(mifgsm({ epsilon: 1, steps: 10, target: "least-likely" })),
      "MI-FGSM, 10 steps of 0.1, cross-entropy, target least-likely"
    )
  })
})

describe("epsilonText", () => {
  it("has grey levels where an epsilon is no short decimal, and else four digits", () => {
    const texts = [0, 0.1, 0.2, 0.5, 1, 2 / 255, 16 / 255, 0.1 + 0.2, 0.03081, 1 / 3, 0.123456].map(
      epsilonText
    )
    assert.deepStrictEqual(texts, [
      ...["0", "0.1", "0.2", "0.5", "1", "2/255", "16/255", "0.3", "0.03081"],
      // 85 / 255
      "85/255",
      "0.1235"
    ])
  })
})
