import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { Rate } from "../../../src/cli/reporter/rate.ts"

describe("a rate", () => {
  it("says nothing after one report, nor within the first two seconds", () => {
    const rate = new Rate()
    rate.report(0, 100, 0)
    assert.isUndefined(rate.perSecond)
    rate.report(10, 100, 500)
    rate.report(20, 100, 1000)
    assert.isUndefined(rate.perSecond)
    assert.isUndefined(rate.left(1000))
  })

  it("is exact for steady work, and so is the time left", () => {
    const rate = new Rate()
    for (let second = 0; second <= 20; second++) rate.report(second * 5, 200, second * 1000)
    assert.closeTo(rate.perSecond ?? 0, 5, 1e-9)
    assert.closeTo(rate.left(20_000) ?? 0, 20, 1e-9)
  })

  it("counts down between reports", () => {
    const rate = new Rate()
    rate.report(0, 10, 0)
    rate.report(1, 10, 60_000)
    assert.closeTo(rate.left(60_000) ?? 0, 540, 1e-9)
    assert.closeTo(rate.left(90_000) ?? 0, 510, 1e-9)
  })

  it("gives no time left once it should have been over", () => {
    const rate = new Rate()
    rate.report(0, 2, 0)
    rate.report(1, 2, 60_000)
    assert.isUndefined(rate.left(130_000))
  })

  it("does not take a resumed checkpoint for work done now", () => {
    const rate = new Rate()
    rate.report(900, 1000, 0)
    for (let second = 1; second <= 10; second++) rate.report(900 + second, 1000, second * 1000)
    assert.closeTo(rate.perSecond ?? 0, 1, 1e-9)
  })

  it("begins anew when the work starts over", () => {
    const rate = new Rate()
    for (let second = 0; second <= 10; second++) rate.report(second * 100, 1000, second * 1000)
    rate.report(0, 1000, 11_000)
    assert.isUndefined(rate.perSecond)
  })

  it("forgets a slow start within a minute", () => {
    const rate = new Rate()
    rate.report(0, 10_000, 0)
    rate.report(1, 10_000, 60_000)
    for (let second = 1; second <= 60; second++) rate.report(1 + second * 100, 10_000, (60 + second) * 1000)
    assert.closeTo(rate.perSecond ?? 0, 100, 15)
  })

  it("counts bursts that carry the same time", () => {
    const rate = new Rate()
    for (let done = 0; done <= 100; done++) rate.report(done, 1000, Math.floor(done / 10) * 1000)
    assert.closeTo(rate.perSecond ?? 0, 10, 1.5)
  })

  it("is never negative or infinite, whatever is reported", () => {
    const report = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(100_000))
    fc.assert(
      fc.property(fc.array(report), (reports) => {
        const rate = new Rate()
        for (const [done, total, at] of reports) {
          rate.report(done, total, at)
          const { perSecond = 1 } = rate
          const left = rate.left(at) ?? 1
          assert.isTrue(perSecond > 0 && Number.isFinite(perSecond) && left > 0 && Number.isFinite(left))
        }
      })
    )
  })
})
