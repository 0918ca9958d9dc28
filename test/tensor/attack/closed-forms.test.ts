/** What attacks do where it can be worked out by hand. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { direction } from "../../../src/tensor/attack/direction.ts"
import {
  type Attack,
  type AttackRows,
  bim,
  fgsm,
  makeAttacker,
  mifgsm,
  pgd
} from "../../../src/tensor/attack/index.ts"
import { linear, onCpu, quadratic, type Subject } from "./classifiers.ts"

const rowsOf = (images: ReadonlyArray<ReadonlyArray<number>>, labels: ReadonlyArray<number>): AttackRows => ({
  images: Float32Array.from(images.flat()),
  labels: Int32Array.from(labels),
  indices: labels.map((_, row) => row)
})

const attacked = (subject: Subject, attack: Attack, rows: AttackRows, unroll = 1) =>
  Effect.gen(function* () {
    const attacker = yield* makeAttacker({
      ...subject,
      attack,
      batchSize: rows.labels.length,
      seed: 1,
      unroll
    })
    return yield* attacker.run(rows)
  }).pipe(Effect.scoped, Effect.provide(onCpu))

const near = (found: Float32Array, expected: ReadonlyArray<number>, tolerance = 1e-6) => {
  assert.strictEqual(found.length, expected.length)
  for (const [at, value] of expected.entries())
    assert.closeTo(found[at] ?? Number.NaN, value, tolerance, `at ${at}`)
}

// Logit differences are 2x1 - 4x2 + 0x3, so the gradient of any loss at class 0 is along (-1, 2, 0).
const line = linear(
  [1, 3, 1],
  [
    [1, -1],
    [-2, 2],
    [0, 0]
  ]
)

describe("on a linear model", () => {
  const rows = rowsOf([[0.5, 0.5, 0.5]], [0])

  it.effect.each(["cross-entropy", "margin", "raw-logit"] as const)(
    "FGSM moves along the sign, and leaves a pixel without gradient alone: %s",
    (loss) =>
      Effect.gen(function* () {
        const { images } = yield* attacked(line, fgsm({ epsilon: 0.1, loss }), rows)
        near(images, [0.4, 0.6, 0.5])
      })
  )

  it.effect("PGD reaches the same corner, which is the best point of the ball", () =>
    Effect.gen(function* () {
      const { images, logits } = yield* attacked(line, pgd({ epsilon: 0.1, stepSize: 0.03, steps: 12 }), rows)
      near(images.subarray(0, 2), [0.4, 0.6])
      near(logits, [0.4 - 1.2, 1.2 - 0.4])
    })
  )

  it.effect("the L2 attacks go to the point where gradient and sphere meet", () =>
    Effect.gen(function* () {
      const step = 0.2 / Math.sqrt(5)
      const expected = [0.5 - step, 0.5 + 2 * step, 0.5]
      near((yield* attacked(line, fgsm({ epsilon: 0.2, norm: "l2" }), rows)).images, expected)
      // A step inside the ball is as long as it is.
      const inside = [0.5 - step / 4, 0.5 + step / 2, 0.5]
      near((yield* attacked(line, fgsm({ epsilon: 0.2, stepSize: 0.05, norm: "l2" }), rows)).images, inside)
      const small = { epsilon: 0.2, stepSize: 0.05, steps: 40, norm: "l2" } as const
      near((yield* attacked(line, bim(small), rows)).images, expected)
      // A start elsewhere is carried to the same point by projections.
      near((yield* attacked(line, pgd({ ...small, steps: 200 }), rows)).images, expected, 1e-3)
    })
  )

  it.effect("FGSM moves an image in a large batch as it does alone, however small the gradient", () =>
    Effect.gen(function* () {
      // The other class has a probability of e^-100: a mean over the batch would round it to zero.
      const sure = linear([1, 1, 1], [[200, 0]])
      const count = 300
      const half = { images: new Float32Array(count).fill(0.5), labels: new Int32Array(count) }
      const rows = { ...half, indices: Array.from({ length: count }, (_, row) => row) }
      const { images } = yield* attacked(sure, fgsm({ epsilon: 0.1 }), rows)
      near(images, new Array(count).fill(0.4))
    })
  )

  it.effect("clips to the pixel range, not to the ball alone", () =>
    Effect.gen(function* () {
      const edge = rowsOf([[0.05, 0.98, 0]], [0])
      near((yield* attacked(line, fgsm({ epsilon: 0.1 }), edge)).images, [0, 1, 0])
      near((yield* attacked(line, fgsm({ epsilon: 0.2, norm: "l2" }), edge)).images, [0, 1, 0])
    })
  )

  it.effect("a targeted attack goes the other way", () =>
    Effect.gen(function* () {
      const to = (target: Attack["target"], targets: Int32Array) =>
        attacked(line, fgsm({ epsilon: 0.1, target }), { ...rows, targets })
      near((yield* to("given", Int32Array.of(0))).images, [0.6, 0.4, 0.5])
      near((yield* to("given", Int32Array.of(1))).images, [0.4, 0.6, 0.5])
      near((yield* to("next-class", Int32Array.of(0))).images, [0.4, 0.6, 0.5])
    })
  )
})

describe("on a bowl", () => {
  // The loss of class 0 grows with the distance from the centre.
  const bowl = quadratic([1, 2, 1], [0.5, 0.5])

  it.effect("a step leads straight away from the centre, and the centre has none", () =>
    Effect.gen(function* () {
      const rows = rowsOf(
        [
          [0.53, 0.46],
          [0.5, 0.5]
        ],
        [0, 0]
      )
      const { images } = yield* attacked(bowl, fgsm({ epsilon: 0.1, norm: "l2" }), rows)
      near(images, [0.53 + 0.06, 0.46 - 0.08, 0.5, 0.5])
      assert.deepStrictEqual([...images.subarray(2)], [0.5, 0.5])
    })
  )

  it.effect("projection leads back to the sphere around the image, along the radius", () =>
    Effect.gen(function* () {
      // Steps of 1 lead far out; each is scaled back to a length of 0.05 from the image.
      const rows = rowsOf([[0.53, 0.46]], [0])
      const { images } = yield* attacked(
        bowl,
        bim({ epsilon: 0.05, stepSize: 1, steps: 3, norm: "l2" }),
        rows
      )
      near(images, [0.53 + 0.03, 0.46 - 0.04])
    })
  )

  it.effect("attacking towards the bowl's class finds its bottom", () =>
    Effect.gen(function* () {
      const rows = { ...rowsOf([[0.8, 0.4]], [1]), targets: Int32Array.of(0) }
      const { images, success } = yield* attacked(
        bowl,
        pgd({ epsilon: 0.5, stepSize: 0.01, steps: 100, target: "given", loss: "raw-logit" }),
        rows
      )
      near(images, [0.5, 0.5], 0.011)
      assert.deepStrictEqual([...success], [0])
    })
  )

  it.effect("the best iterate is the one of the highest loss, not the last", () =>
    Effect.gen(function* () {
      // Towards the centre by steps of 0.4: the first passes it closely, the second comes back to where it was.
      const rows = { ...rowsOf([[0.7, 0.5]], [1]), targets: Int32Array.of(0) }
      const there = (iterate: Attack["iterate"], steps: number) =>
        attacked(bowl, bim({ epsilon: 0.5, stepSize: 0.3, steps, target: "given", iterate }), rows, 2)
      near((yield* there("last", 1)).images, [0.4, 0.5])
      near((yield* there("last", 2)).images, [0.7, 0.5])
      for (const steps of [1, 2, 3, 4]) near((yield* there("best", steps)).images, [0.4, 0.5])
    })
  )

  it.effect.each([
    // Momentum 0 turns back at once, 1 stands still, 2 goes on to the edge of the ball.
    [0, 0.7],
    [1, 0.4],
    [2, 0.2]
  ] as const)("momentum %d adds up normalised gradients", ([momentum, expected]) =>
    Effect.gen(function* () {
      // As above: the second gradient is smaller than the first, and opposite. Normalised, they are equal.
      const rows = { ...rowsOf([[0.7, 0.5]], [1]), targets: Int32Array.of(0) }
      const settings = { epsilon: 0.5, stepSize: 0.3, steps: 2, target: "given" } as const
      for (const unroll of [1, 2]) {
        const { images } = yield* attacked(bowl, mifgsm({ ...settings, momentum }), rows, unroll)
        near(images, [expected, 0.5])
      }
    })
  )

  it.effect("momentum normalises by the mean absolute value", () =>
    Effect.gen(function* () {
      // The gradients are along (-0.2, -0.02), then along (0.1, 0.28): by their means, (-1.82, -0.18) and (0.53, 1.47).
      // With 0.32 of the first the sum's first value is -0.06; by their largest values it would be 0.04.
      const rows = { ...rowsOf([[0.7, 0.52]], [1]), targets: Int32Array.of(0) }
      const settings = { epsilon: 0.5, stepSize: 0.3, steps: 2, target: "given", momentum: 0.32 } as const
      near((yield* attacked(bowl, mifgsm(settings), rows)).images, [0.2, 0.52])
    })
  )
})

describe("a direction", () => {
  it.effect.each([1, 1e-25, 1e-40, 1e30])(
    "of length one does not depend on the gradient's size: %d",
    (size) =>
      Effect.gen(function* () {
        const gradient = tf.tensor([3 * size, 0, -4 * size, 0], [1, 2, 2, 1])
        near(
          Float32Array.from(direction("l2", gradient).dataSync()),
          [0.6, 0, -0.8, 0],
          size < 1e-38 ? 1e-3 : 1e-6
        )
        assert.deepStrictEqual([...direction("linf", gradient).dataSync()], [1, 0, -1, 0])
      }).pipe(Effect.provide(onCpu))
  )

  it.effect("of no gradient is zero, image by image", () =>
    Effect.gen(function* () {
      const gradient = tf.tensor([0, 0, 3, 4], [2, 1, 2, 1])
      near(Float32Array.from(direction("l2", gradient).dataSync()), [0, 0, 0.6, 0.8])
      yield* Effect.void
    }).pipe(Effect.provide(onCpu))
  )
})
