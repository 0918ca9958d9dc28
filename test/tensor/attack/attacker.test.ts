/** What an attacker refuses to do. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AttackRows, fgsm, makeAttacker } from "../../../src/tensor/attack/index.ts"
import { linear, multilayer, onCpu, randomRows, tensor } from "./classifiers.ts"

const subject = multilayer({ input: [3, 2, 2], hidden: 6, classes: 4, seed: 11 })
const rows = randomRows(subject.classifier, 11, 3)
describe("an attacker refuses", () => {
  const refused = (change: Partial<AttackRows>, target: "none" | "given" = "none") =>
    Effect.gen(function* () {
      const attack = fgsm({ epsilon: 0.1, target })
      const attacker = yield* makeAttacker({ ...subject, attack, batchSize: 4, seed: 0 })
      const error = yield* Effect.flip(attacker.run({ ...rows, ...change }))
      return `${error._tag}: ${error.message} (hint: ${error.hint})`
    }).pipe(Effect.provide(onCpu))

  it.effect.each([
    [{ images: rows.images.map((value) => value * 255) }, "has a pixel of", "divide bytes by 255"],
    [{ images: rows.images.with(13, Number.NaN) }, "image 1 has a pixel of NaN", "divide bytes"],
    [{ images: rows.images.slice(1) }, "have 132 values, not 131", "input shape"],
    [{ labels: rows.labels.with(0, 4) }, "there is no class 4 among 4", "from 0"],
    [{ indices: [1] }, "11 labels come with 1 indices", "index"]
  ] as const)("rows that are wrong: %j", ([change, message, cure]) =>
    Effect.gen(function* () {
      const text = yield* refused(change)
      assert.include(text, `AttackFailed: attack on multilayer:`)
      assert.include(text, message)
      assert.include(text, cure)
    })
  )

  it.effect("targets that are missing", () =>
    Effect.gen(function* () {
      assert.include(yield* refused({}, "given"), "11 images come with 0 targets")
    })
  )

  it.effect("a size that is none", () =>
    Effect.gen(function* () {
      const attacker = yield* makeAttacker({
        ...subject,
        attack: fgsm({ epsilon: 0.1 }),
        batchSize: 4,
        seed: 0
      })
      const error = yield* Effect.flip(attacker.run(rows, { epsilon: 2, stepSize: 0.1 }))
      assert.strictEqual(error._tag, "BadAttack")
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("a batch size, an unrolling, a loss and weights that cannot be", () =>
    Effect.gen(function* () {
      const make = (change: object) =>
        makeAttacker({ ...subject, attack: fgsm({ epsilon: 0.1 }), batchSize: 4, seed: 0, ...change }).pipe(
          Effect.flip,
          Effect.map((error) => error.message)
        )
      assert.include(yield* make({ batchSize: 0 }), "a batch of 0 images")
      assert.include(yield* make({ unroll: 0.5 }), "0.5 steps per program")
      assert.include(yield* make({ weights: new Map() }), "no tensor `fc1.weight`")
      const two = linear([3, 2, 2], Array(12).fill([1, 2]))
      assert.include(yield* make({ ...two, attack: fgsm({ epsilon: 0.1, loss: "dlr" }) }), "three largest")
    }).pipe(Effect.provide(onCpu))
  )

  it.effect("a model whose logits are no numbers", () =>
    Effect.gen(function* () {
      const weights = new Map(subject.weights)
      weights.set("fc2.weight", tensor([6, 4], new Float32Array(24).fill(Number.NaN)))
      const attacker = yield* makeAttacker({
        ...subject,
        weights,
        attack: fgsm({ epsilon: 0.1 }),
        batchSize: 4,
        seed: 0
      })
      const error = yield* Effect.flip(attacker.run(rows))
      assert.include(error.message, "a logit of image 0 is NaN")
      assert.include(error.hint, "training may have diverged")
    }).pipe(Effect.provide(onCpu))
  )
})
