/** What is sampled while nodes run. */
import { existsSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { digestOf } from "../../src/artifact/digest.ts"
import { SystemSamples } from "../../src/schedule/system-samples.ts"
import type { Event } from "../../src/track/event.ts"

const key = digestOf("key")
const started: Event = {
  ...{ _tag: "NodeStarted", at: 0, node: "train", key, reason: "new", attempt: 1, pid: process.pid }
}
const progress = (done: number, total = 100, unit = "images"): Event => ({
  ...{ _tag: "Progress", at: 0, node: "train", done, total, unit }
})
const failed: Event = {
  ...{
    _tag: "NodeFailed",
    at: 0,
    node: "train",
    failure: { tag: "E", message: "m" },
    seconds: 1,
    retry: false
  }
}

const samplesAfter = (...events: ReadonlyArray<Event>): SystemSamples => {
  const samples = new SystemSamples()
  samples.begin(0)
  for (const event of events) samples.see(event)
  return samples
}

const rateOf = (event: Event | undefined) =>
  event?._tag === "SystemSample" ? event.nodes["train"]?.rate : undefined

describe("a sample", () => {
  it("is taken only while a node runs", () => {
    assert.isUndefined(samplesAfter().sample(10_000))
    assert.isDefined(samplesAfter(started).sample(10_000))
    assert.isUndefined(samplesAfter(started, failed).sample(10_000))
  })

  it("says how much of the machine is in use, in percent and megabytes", () => {
    const sample = samplesAfter(started).sample(10_000)
    if (sample?._tag !== "SystemSample") throw new Error("no sample")
    assert.isAtLeast(sample.cpuPercent, 0)
    assert.isAtMost(sample.cpuPercent, 100)
    assert.isAbove(sample.memoryMegabytes, 1)
    assert.isAbove(sample.memoryPercent, 0)
    assert.isAtMost(sample.memoryPercent, 100)
    // This very process.
    if (existsSync("/proc/self/stat")) assert.isAbove(sample.nodes["train"]?.memoryMegabytes ?? 0, 10)
  })

  it("has the speed of a node's progress since the last one, and begins anew with another phase", () => {
    const samples = samplesAfter(started, progress(20), progress(50))
    assert.deepStrictEqual(rateOf(samples.sample(10_000)), { perSecond: 5, unit: "images" })
    assert.deepStrictEqual(rateOf(samples.sample(20_000)), { perSecond: 0, unit: "images" })
    samples.see(progress(90))
    assert.deepStrictEqual(rateOf(samples.sample(30_000)), { perSecond: 4, unit: "images" })
    samples.see(progress(10, 40, "batches"))
    samples.see(progress(30, 40, "batches"))
    assert.deepStrictEqual(rateOf(samples.sample(40_000)), { perSecond: 2, unit: "batches" })
  })
})
