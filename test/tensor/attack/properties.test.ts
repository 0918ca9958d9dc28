/** What holds for every attack, on small random networks. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  type Attack,
  type Attacked,
  type AttackRows,
  makeAttacker,
  makePerturber,
  perturbationsOf,
  pgd
} from "../../../src/tensor/attack/index.ts"
import { LossName } from "../../../src/tensor/loss/index.ts"
import { linear, mean, multilayer, onCpu, randomRows, type Subject } from "./classifiers.ts"

const AnyAttack = Schema.Struct({
  norm: Schema.Literals(["linf", "l2"]),
  epsilon: Schema.Literals([0, 0.01, 0.1, 0.3, 0.5, 1]),
  stepSize: Schema.Literals([0.001, 0.07, 0.3, 1, 3]),
  steps: Schema.Literals([1, 2, 3, 5]),
  loss: LossName,
  target: Schema.Literals(["none", "next-class", "least-likely"]),
  randomStart: Schema.Literals(["none", "uniform", "boundary"]),
  restarts: Schema.Literals([1, 2]),
  momentum: Schema.Literals([0, 1]),
  iterate: Schema.Literals(["last", "best", "first-success"]),
  labels: Schema.Literals(["true", "predicted"])
})
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 20 }))

const valid = (attack: typeof AnyAttack.Type): Attack => ({
  ...attack,
  restarts: attack.randomStart === "none" ? 1 : attack.restarts
})

const runs = (numRuns: number) => ({ arbitrary: { runs: numRuns } })

const shape = [3, 2, 2] as const
const subjectOf = (seed: number): Subject => multilayer({ input: shape, hidden: 6, classes: 4, seed })

const attacked = (
  subject: Subject,
  attack: Attack,
  rows: AttackRows,
  { batchSize = 4, unroll = 1 }: { readonly batchSize?: number; readonly unroll?: number } = {}
) =>
  Effect.gen(function* () {
    const attacker = yield* makeAttacker({ ...subject, attack, batchSize, seed: 7, unroll })
    return yield* attacker.run(rows)
  }).pipe(Effect.scoped, Effect.provide(onCpu))

/** The rows of given numbers, in that order. */
const pick = (rows: AttackRows, chosen: ReadonlyArray<number>): AttackRows => ({
  images: Float32Array.from(chosen.flatMap((row) => [...rows.images.subarray(row * 12, row * 12 + 12)])),
  labels: Int32Array.from(chosen, (row) => rows.labels[row] ?? 0),
  indices: chosen.map((row) => rows.indices[row] ?? 0)
})

/** Every number that an attack gives for one row. */
const rowOf = (found: Attacked, row: number) => ({
  image: found.images.slice(row * 12, row * 12 + 12),
  logits: found.logits.slice(row * 4, row * 4 + 4),
  others: [found.aims, found.predictions, found.loss, found.success, found.restarts].map((all) => all[row])
})

/** How good a result is for the attacker: every success is above everything else, and then the loss counts. */
const rank = ({ success, loss }: Attacked, row: number): number =>
  1e6 * (success[row] ?? 0) + Math.fround(loss[row] ?? 0)

describe("every attack", () => {
  it.effect.prop(
    "stays in the ball and in the pixel range, to 1e-6",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 5, seed)
        // Pixels at both ends of the range, as in real images.
        for (const [at, value] of rows.images.entries()) rows.images[at] = Math.round(value * 4) / 4
        const { images } = yield* attacked(subject, valid(attack), rows, { unroll: 2 })
        assert.isTrue(images.every((value) => value >= 0 && value <= 1))
        const sizes = perturbationsOf(rows.images, images, shape)[attack.norm]
        assert.isTrue(sizes.every((size) => size <= attack.epsilon + 1e-6))
      }),
    runs(60)
  )

  it.effect.prop(
    "with epsilon 0 gives the images back, bit for bit",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 5, seed)
        const { images } = yield* attacked(subject, { ...valid(attack), epsilon: 0 }, rows)
        assert.deepStrictEqual(images, rows.images)
      }),
    runs(40)
  )

  it.effect.prop(
    "does to an image what it does, alone or in any batch, in any order",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 5, seed)
        const together = yield* attacked(subject, valid(attack), rows, { batchSize: 3 })
        const order = [4, 2, 0, 3, 1]
        const reordered = yield* attacked(subject, valid(attack), pick(rows, order), { batchSize: 4 })
        const alone = yield* attacked(subject, valid(attack), pick(rows, [2]), { batchSize: 1 })
        for (const [place, row] of order.entries())
          assert.deepStrictEqual(rowOf(reordered, place), rowOf(together, row))
        assert.deepStrictEqual(rowOf(alone, 0), rowOf(together, 2))
      }),
    runs(40)
  )

  it.effect.prop(
    "gives the same whether its steps are unrolled by any number or not at all",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 4, seed)
        const one = yield* attacked(subject, { ...valid(attack), steps: 5 }, rows)
        for (const unroll of [2, 5, 9]) {
          assert.deepStrictEqual(
            yield* attacked(subject, { ...valid(attack), steps: 5 }, rows, { unroll }),
            one
          )
        }
      }),
    runs(25)
  )

  it.effect.prop(
    "with a size of its own gives what an attack of that size gives",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 4, seed)
        const size = { epsilon: 0.2, stepSize: 0.05 }
        const attacker = yield* makeAttacker({ ...subject, attack: valid(attack), batchSize: 4, seed: 7 })
        const direct = yield* attacked(subject, { ...valid(attack), ...size }, rows)
        assert.deepStrictEqual(yield* attacker.run(rows, size), direct)
      }).pipe(Effect.scoped, Effect.provide(onCpu)),
    runs(25)
  )

  it.effect.prop(
    "never does worse with more restarts: a success stays, or else the loss grows",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 6, seed)
        const started = { ...valid(attack), randomStart: "uniform", target: "none", epsilon: 0.1 } as const
        const few = yield* attacked(subject, { ...started, restarts: 2 }, rows)
        const many = yield* attacked(subject, { ...started, restarts: 5 }, rows)
        for (const [row, won] of few.success.entries()) {
          if (won === 1) assert.deepStrictEqual(rowOf(many, row), rowOf(few, row))
          else assert.isTrue(many.success[row] === 1 || (many.loss[row] ?? 0) >= (few.loss[row] ?? 0))
        }
      }),
    runs(25)
  )

  it.effect.prop(
    "returns a best point that is no worse than the last one, or than any earlier best",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 6, seed)
        const plain = { ...valid(attack), target: "none", restarts: 1, stepSize: 0.3, epsilon: 0.3 } as const
        const last = yield* attacked(subject, { ...plain, iterate: "last" }, rows, { unroll: 2 })
        const best = yield* attacked(subject, { ...plain, iterate: "best" }, rows, { unroll: 2 })
        // More steps begin with the same ones.
        const longer = { ...plain, iterate: "best", steps: plain.steps + 4 } as const
        const bestOfMore = yield* attacked(subject, longer, rows, { unroll: 3 })
        for (const row of rows.labels.keys()) {
          assert.isTrue(rank(best, row) >= rank(last, row))
          assert.isTrue(rank(bestOfMore, row) >= rank(best, row))
        }
      }),
    runs(30)
  )

  it.effect.prop(
    "gives the same images where nobody asks what the model says of them",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 6, seed)
        const options = { ...subject, attack: valid(attack), batchSize: 4, seed: 7, unroll: 2 }
        const { images } = yield* (yield* makeAttacker(options)).run(rows)
        assert.deepStrictEqual(yield* (yield* makePerturber(options))(rows), images)
      }).pipe(Effect.scoped, Effect.provide(onCpu)),
    runs(60)
  )

  it.effect.prop(
    "returns the first point that succeeds, the image itself included, or else the last",
    [AnyAttack, Seed],
    ([attack, seed]) =>
      Effect.gen(function* () {
        const subject = subjectOf(seed)
        const rows = randomRows(subject.classifier, 6, seed)
        const plain = { ...valid(attack), randomStart: "none", restarts: 1, steps: 4 } as const
        const found = yield* attacked(subject, { ...plain, iterate: "first-success" }, rows, { unroll: 1 })
        const still = { ...plain, iterate: "last", epsilon: 0, steps: 1 } as const
        const points = [yield* attacked(subject, still, rows)]
        for (const steps of [1, 2, 3, 4])
          points.push(yield* attacked(subject, { ...plain, iterate: "last", steps }, rows))
        for (const row of rows.labels.keys()) {
          const expected = points.find(({ success }) => success[row] === 1) ?? points.at(-1)
          if (expected !== undefined) assert.deepStrictEqual(rowOf(found, row), rowOf(expected, row))
        }
      }),
    runs(40)
  )
})

describe("an L2 attack on an image of usual size", () => {
  it.effect.each([
    [[28, 28, 1], 3],
    [[32, 32, 3], 0.5]
  ] as const)(
    "%j stays in the ball of %d to 1e-6, although sums of thousands of squares round",
    ([input, epsilon]) =>
      Effect.gen(function* () {
        const subject = multilayer({ input, hidden: 4, classes: 3, seed: 1 })
        const rows = randomRows(subject.classifier, 8, 2)
        // Far from black and white, so that clipping shortens nothing.
        for (const [at, value] of rows.images.entries()) rows.images[at] = 0.45 + 0.1 * value
        const attack = pgd({ norm: "l2", epsilon, stepSize: epsilon / 2, steps: 6 })
        const { images } = yield* attacked(subject, attack, rows)
        const { l2 } = perturbationsOf(rows.images, images, input)
        assert.isTrue(l2.every((length) => length <= epsilon + 1e-6))
        assert.isTrue(l2.some((length) => length > epsilon - 1e-6))
      })
  )
})

describe("attacks on a random network", () => {
  const subject = subjectOf(11)
  const rows = randomRows(subject.classifier, 60, 12)

  it.effect("lower accuracy as epsilon grows, and raise the loss", () =>
    Effect.gen(function* () {
      const attack = pgd({ epsilon: 0.1, stepSize: 0.02, steps: 10, labels: "predicted" })
      const attacker = yield* makeAttacker({ ...subject, attack, batchSize: 20, seed: 1 })
      const losses: Array<number> = []
      const robust: Array<number> = []
      for (const epsilon of [0, 0.02, 0.05, 0.1, 0.2, 0.4]) {
        const { loss, success } = yield* attacker.run(rows, { epsilon, stepSize: epsilon / 4 })
        losses.push(mean(loss))
        robust.push(1 - mean(success))
      }
      assert.deepStrictEqual(
        losses,
        [...losses].sort((a, b) => a - b)
      )
      assert.deepStrictEqual(
        robust,
        [...robust].sort((a, b) => b - a)
      )
      assert.strictEqual(robust[0], 1)
      assert.isBelow(robust.at(-1) ?? 1, 0.2)
    }).pipe(Effect.scoped, Effect.provide(onCpu))
  )

  it.effect.each(["next-class", "least-likely"] as const)("raise the probability of a target: %s", (target) =>
    Effect.gen(function* () {
      const settings = { epsilon: 0.1, stepSize: 0.02, steps: 10, target, randomStart: "none" } as const
      const before = yield* attacked(subject, { ...pgd(settings), epsilon: 0 }, rows)
      const after = yield* attacked(subject, pgd(settings), rows)
      assert.deepStrictEqual(after.aims, before.aims)
      assert.isTrue(after.aims.every((aim, row) => aim !== rows.labels[row]))
      for (const [row, loss] of after.loss.entries()) assert.isBelow(loss, before.loss[row] ?? 0)
      assert.isAbove(mean(after.success), mean(before.success))
    })
  )

  it.effect("aim at the least likely class but for the label", () =>
    Effect.gen(function* () {
      const three = linear([1, 1, 1], [[0, 1, 2]], [0, 0, 0])
      const images = Float32Array.of(0.5, 0.5)
      const given = { images, labels: Int32Array.of(0, 2), indices: [0, 1] }
      const attack = pgd({ epsilon: 0.1, stepSize: 0.1, steps: 1, target: "least-likely" })
      const { aims } = yield* attacked(three, attack, given)
      assert.deepStrictEqual([...aims], [1, 0])
    })
  )

  it.effect("keep which restart an image came from, and start each image from its own numbers", () =>
    Effect.gen(function* () {
      const attack = pgd({ epsilon: 0.1, stepSize: 0.01, steps: 1, restarts: 6 })
      const { restarts, images } = yield* attacked(subject, attack, rows)
      assert.isAbove(new Set(restarts).size, 3)
      const twins = { ...pick(rows, [0, 0]), indices: [0, 1] }
      const two = yield* attacked(subject, attack, twins)
      assert.deepStrictEqual(two.images.slice(0, 12), images.slice(0, 12))
      assert.notDeepEqual(two.images.slice(0, 12), two.images.slice(12))
    })
  )
})
