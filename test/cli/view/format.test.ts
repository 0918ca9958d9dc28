import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import {
  bar,
  bytes,
  count,
  dateTime,
  duration,
  number,
  percent,
  plural,
  rate,
  relative,
  share,
  shortDigest,
  sparkline,
  ticking
} from "../../../src/cli/view/format.ts"

/** A table of cases: what goes in, what comes out. */
const cases = <A>(format: (value: A) => string, table: ReadonlyArray<readonly [A, string]>) => {
  for (const [value, expected] of table) assert.strictEqual(format(value), expected, String(value))
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true })

describe("a duration", () => {
  it("has the unit that fits, and goes over to the next one without a gap", () => {
    cases(duration, [
      [0, "0 ms"],
      [-5, "0 ms"],
      [0.0004, "0 ms"],
      [0.412, "412 ms"],
      [0.9994, "999 ms"],
      [0.9996, "1.0 s"],
      [3.24, "3.2 s"],
      [59.94, "59.9 s"],
      [59.96, "1m 00s"],
      [60, "1m 00s"],
      [372, "6m 12s"],
      [3599.4, "59m 59s"],
      [3599.6, "1h 00m"],
      [3840, "1h 04m"],
      [86_400, "24h 00m"],
      [172_799, "2d 00h"],
      [183_600, "2d 03h"],
      [86_400 * 1234, "1,234d 00h"],
      [Number.NaN, "?"],
      [Number.POSITIVE_INFINITY, "?"]
    ])
  })

  it("ticks in whole seconds that are over", () => {
    cases(ticking, [
      [0, "0 s"],
      [0.99, "0 s"],
      [-1, "0 s"],
      [12.9, "12 s"],
      [59.99, "59 s"],
      [64, "1m 04s"],
      [Number.NaN, "?"]
    ])
  })

  it("never has 60 seconds, 60 minutes or 1000 milliseconds", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => {
        assert.notMatch(duration(seconds), /\b(1000 ms|60(\.\d)? s|60s|60m)/)
      })
    )
  })
})

describe("a size", () => {
  it("is in binary units and never 1024 of one", () => {
    cases(bytes, [
      [0, "0 B"],
      [512, "512 B"],
      [1023, "1023 B"],
      [1024, "1.0 KiB"],
      [1536, "1.5 KiB"],
      [1024 * 1024 - 1, "1.0 MiB"],
      [48_340_000, "46.1 MiB"],
      [3 * 1024 ** 3, "3.0 GiB"],
      [1024 ** 6, "1024.0 PiB"],
      [Number.NaN, "?"]
    ])
  })
})

describe("a count", () => {
  it("has thousands separators", () => {
    cases(count, [
      [0, "0"],
      [999, "999"],
      [1000, "1,000"],
      [60_000, "60,000"],
      [-1_234_567, "-1,234,567"],
      [1234.5, "1,234.5"],
      [0.1 + 0.2, "0.3"],
      [1e21, "1e+21"],
      [Number.NaN, "NaN"]
    ])
  })

  it("has the plural where there is not one", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 1000].map((n) => plural(n, "node")),
      ["0 nodes", "1 node", "2 nodes", "1,000 nodes"]
    )
  })
})

describe("a rate", () => {
  it("is per second, minute or hour, in three digits", () => {
    const images = (perSecond: number) => rate(perSecond, "images")
    cases(images, [
      [1234.4, "1,234 images/s"],
      [123.4, "123 images/s"],
      [12.34, "12.3 images/s"],
      [0.5, "0.5 images/s"],
      [0.04, "2.4 images/min"],
      [0.001, "3.6 images/h"],
      [0, "0 images/s"],
      [-1, "?"],
      [Number.NaN, "?"]
    ])
  })
})

describe("a metric", () => {
  it("has five significant digits and no rounding dust", () => {
    cases(number, [
      [0.1 + 0.2, "0.3"],
      [0.98734567, "0.98735"],
      [1 / 3, "0.33333"],
      [0, "0"],
      [-0, "0"],
      [1, "1"],
      [60_000, "60000"],
      [123_456.789, "123456.8"],
      [-2.5, "-2.5"],
      [0.000_012_345_6, "1.2346e-5"],
      [1e-7, "1e-7"],
      [1.5e20, "1.5e20"],
      [Number.NaN, "NaN"],
      [Number.NEGATIVE_INFINITY, "-Infinity"]
    ])
  })

  it("reads back as nearly the same number", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) => {
        const back = Number(number(value))
        assert.isAtMost(Math.abs(back - value), Math.abs(value) * 1e-4 + Number.MIN_VALUE)
      })
    )
  })
})

describe("a share", () => {
  it("is 100 % only when all is done", () => {
    assert.strictEqual(percent(999_999, 1_000_000), "99 %")
    assert.strictEqual(percent(1_000_000, 1_000_000), "100 %")
    assert.strictEqual(percent(0, 0), "100 %")
    assert.strictEqual(percent(5, Number.NaN), "0 %")
  })

  it("stays between 0 and 1, and its bar as wide as asked", () => {
    assert.strictEqual(share(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), 0)
    assert.strictEqual(share(Number.NaN, 2), 0)
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.nat(50), (done, total, width) => {
        const part = share(done, total)
        assert.isTrue(part >= 0 && part <= 1)
        assert.strictEqual(bar(part, width).length, width)
      })
    )
  })
})

describe("a time", () => {
  const now = new Date(2026, 9, 29, 14, 3).getTime()

  it("is told from now", () => {
    const ago = (seconds: number) => relative(now - seconds * 1000, now)
    cases(ago, [
      [0, "just now"],
      [-30, "just now"],
      [45, "45 s ago"],
      [300, "5 min ago"],
      [3 * 3600, "3 h ago"],
      [86_400, "1 day ago"],
      [4 * 86_400, "4 days ago"],
      [40 * 86_400, "2026-09-19"],
      [-3600, "2026-10-29 15:03"]
    ])
  })

  it("is a date in the machine's zone", () => {
    assert.strictEqual(dateTime(now), "2026-10-29 14:03")
    assert.strictEqual(dateTime(Number.NaN), "?")
  })
})

describe("a curve", () => {
  it("goes from the lowest to the highest block", () => {
    assert.strictEqual(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), "▁▂▃▄▅▆▇█")
    assert.strictEqual(sparkline([7, 0], 8), "█▁")
    assert.strictEqual(sparkline([1, 1, 1], 8), "▁▁▁")
  })

  it("has a gap where a value is no number, and none where there is nothing to draw", () => {
    assert.strictEqual(sparkline([0, Number.NaN, 1], 8), "▁ █")
    assert.strictEqual(sparkline([1], 8), "")
    assert.strictEqual(sparkline([Number.NaN, Number.NaN], 8), "")
  })

  it("is as wide as asked, or as there are values, and shows the first and the last", () => {
    fc.assert(
      fc.property(
        fc.array(double, { minLength: 2, maxLength: 500 }),
        fc.integer({ min: 2, max: 60 }),
        (values, width) => {
          assert.strictEqual(sparkline(values, width).length, Math.min(width, values.length))
        }
      )
    )
    const rising = Array.from({ length: 1000 }, (_, index) => index)
    assert.strictEqual(sparkline(rising, 4), "▁▃▆█")
  })
})

describe("a digest", () => {
  it("is short, and empty where there is none", () => {
    assert.strictEqual(shortDigest("9c1f04e2aa"), "9c1f04e2")
    assert.strictEqual(shortDigest(undefined), "")
  })
})
