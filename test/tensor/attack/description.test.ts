import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bim, checkAttack, fgsm, mifgsm, pgd, withEpsilon } from "../../../src/tensor/attack/index.ts"

const good = pgd({ epsilon: 0.3, stepSize: 0.01, steps: 40 })

/** What a reader of the error sees. */
const complaint = (change: object) =>
  checkAttack({ ...good, ...change }).pipe(
    Effect.flip,
    Effect.map((error) => `${error.message} (hint: ${error.hint})`)
  )

describe("an attack's description", () => {
  it.effect.each([
    fgsm({ epsilon: 0.3 }),
    fgsm({ epsilon: 0 }),
    fgsm({ epsilon: 12, norm: "l2" }),
    bim({ epsilon: 0.3, stepSize: 0.03, steps: 10 }),
    mifgsm({ epsilon: 0.3, steps: 10 }),
    { ...good, restarts: 10, iterate: "best", loss: "dlr", target: "least-likely" }
  ])("is accepted: %j", (attack) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* checkAttack(attack), attack)
    })
  )

  it.effect.each([
    [{ epsilon: -0.1 }, "`epsilon`: Expected a value greater than or equal to 0, got -0.1", "8/255"],
    [{ epsilon: 1.5 }, "`epsilon`: Expected a number in [0, 1], got 1.5", "8/255"],
    [{ epsilon: Number.NaN }, "`epsilon`: Expected a finite number, got NaN", "8/255"],
    [{ stepSize: 0 }, "`stepSize`: Expected a number above 0, got 0", "2.5 * epsilon / steps"],
    [{ steps: 0 }, "`steps`: Expected a value greater than or equal to 1, got 0", "one step is FGSM"],
    [{ steps: 1.5 }, "`steps`: Expected an integer, got 1.5", "one step is FGSM"],
    [{ loss: "crossEntropy" }, '`loss`: Expected "cross-entropy" | "raw-logit"', "`margin`"],
    [{ norm: "l1" }, '`norm`: Expected "linf" | "l2", got "l1"', "the norms are"],
    [{ randomStart: "none", restarts: 3 }, "`restarts`: Expected 1 without a random start", "randomStart"],
    [{ eps: 0.3 }, "eps", "an attack has the fields norm, epsilon,"]
  ] as const)("is refused for %j, with a cure", ([change, message, cure]) =>
    Effect.gen(function* () {
      const text = yield* complaint(change)
      assert.include(text, message)
      assert.include(text.slice(text.indexOf("(hint: ")), cure)
    })
  )

  it.effect("is refused for all its mistakes at once", () =>
    Effect.gen(function* () {
      const { problems } = yield* Effect.flip(checkAttack({ ...good, epsilon: -1, steps: 0 }))
      assert.lengthOf(problems, 2)
    })
  )

  it("keeps its step size in proportion at another epsilon", () => {
    assert.deepInclude(withEpsilon(good, 0.15), { epsilon: 0.15, stepSize: 0.005, steps: 40 })
    assert.deepStrictEqual(withEpsilon(fgsm({ epsilon: 0.3 }), 0.1), fgsm({ epsilon: 0.1 }))
    assert.deepStrictEqual(withEpsilon(fgsm({ epsilon: 0 }), 0.1), fgsm({ epsilon: 0.1 }))
  })
})
