import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { halfCosine } from "../../../src/tensor/schedule/half-cosine.ts"
import { isExtendable, learningRateAt, Schedule } from "../../../src/tensor/schedule/index.ts"

/** The rates of a whole training of `epochs` epochs of four steps. */
const rates = (schedule: Schedule, epochs: number): Array<number> =>
  Array.from({ length: 4 * epochs }, (_, step) =>
    learningRateAt(schedule, { step, stepsPerEpoch: 4, totalSteps: 4 * epochs })
  )

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  assert.strictEqual(actual.length, expected.length)
  for (const [i, value] of expected.entries())
    assert.closeTo(actual[i] ?? Number.NaN, value, 1e-15, `step ${i}`)
}

const base = { learningRate: 0.8, warmupEpochs: 0 }

describe("schedules", () => {
  it("constant: the same rate throughout", () => {
    close(rates({ type: "constant", ...base }, 2), Array(8).fill(0.8))
  })

  it("step: multiplied by gamma from each milestone's epoch on", () => {
    const schedule: Schedule = { type: "step", ...base, milestones: [1, 3], gamma: 0.5 }
    close(
      rates(schedule, 4),
      [0.8, 0.4, 0.4, 0.2].flatMap((rate) => Array(4).fill(rate))
    )
  })

  it("cosine: from the rate, through the middle, towards the final rate", () => {
    const all = rates({ type: "cosine", ...base, finalRate: 0.2 }, 2)
    close(
      all,
      Array.from({ length: 8 }, (_, step) => 0.2 + 0.3 * (1 + Math.cos((Math.PI * step) / 8)))
    )
    close([all[4] ?? 0], [0.5])
  })

  it("triangular: as the authors interpolate it, zero at the last step", () => {
    const all = rates({ type: "triangular", ...base, peak: 0.4 }, 10)
    // np.interp(epoch + (batch + 1) / batches, [0, 4, 10], [0, 0.8, 0])
    const interpolated = all.map((_, step) => {
      const epochs = (step + 1) / 4
      return 0.8 * (epochs <= 4 ? epochs / 4 : (10 - epochs) / 6)
    })
    close(all, interpolated)
    assert.strictEqual(Math.max(...all), all[15])
    assert.strictEqual(all.at(-1), 0)
  })

  it("warm-up rises to the schedule's rate in equal steps", () => {
    const schedule: Schedule = { type: "constant", learningRate: 0.8, warmupEpochs: 1.25 }
    close(rates(schedule, 2), [0.16, 0.32, 0.48, 0.64, 0.8, 0.8, 0.8, 0.8])
  })

  it.prop(
    "no schedule leaves [0, its highest rate]",
    {
      schedule: Arbitrary.schema(Schedule),
      step: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 }))
    },
    ({ schedule, step }) => {
      const rate = learningRateAt(schedule, { step, stepsPerEpoch: 10, totalSteps: 100 })
      assert.isAtLeast(rate, 0)
      if (schedule.type !== "step")
        assert.isAtMost(
          rate,
          (schedule.type === "cosine"
            ? Math.max(schedule.finalRate, schedule.learningRate)
            : schedule.learningRate) *
            (1 + 1e-15)
        )
    }
  )

  it.prop(
    "an extendable schedule begins the same however long it goes on",
    {
      schedule: Arbitrary.schema(Schedule),
      step: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 }))
    },
    ({ schedule, step }) => {
      if (!isExtendable(schedule)) return
      const rate = (totalSteps: number) => learningRateAt(schedule, { step, stepsPerEpoch: 10, totalSteps })
      assert.strictEqual(rate(100), rate(1000))
    }
  )

  it("of a negative rate, or a peak at the end, are refused", () => {
    const is = Schema.is(Schedule)
    assert.isTrue(is({ type: "triangular", ...base, peak: 0.4 }))
    assert.isFalse(is({ type: "triangular", ...base, peak: 1 }))
    assert.isFalse(is({ type: "constant", learningRate: -1, warmupEpochs: 0 }))
  })
})

describe("half a cosine", () => {
  it("is Math.cos's to the last place but one, and exact at its ends", () => {
    assert.strictEqual(halfCosine(0), 1)
    assert.strictEqual(halfCosine(1), 0)
    for (let t = 0; t <= 1; t += 1 / 64) assert.closeTo(halfCosine(t), (1 + Math.cos(Math.PI * t)) / 2, 3e-16)
  })
})
