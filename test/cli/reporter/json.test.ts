import { Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { jsonReporter } from "../../../src/cli/reporter/json.ts"
import { Event } from "../../../src/track/event.ts"
import { anyEvent, metric, runStarted } from "./events.ts"
import { ManualTiming, Terminal } from "./terminal.ts"

const Line = Schema.fromJsonString(Schema.toCodecJson(Event))
const decode = Schema.decodeSync(Line)
const encode = Schema.encodeSync(Line)

const written = (events: ReadonlyArray<Event>): ReadonlyArray<string> => {
  const terminal = new PipeSink()
  const reporter = jsonReporter(terminal, new ManualTiming())
  for (const event of events) reporter.event(event)
  reporter.close()
  return terminal.text.split("\n").slice(0, -1)
}

class PipeSink {
  text = ""
  writes = 0
  readonly isTerminal = false
  columns = () => 80
  rows = () => 24
  write = (text: string): void => {
    this.text += text
    this.writes++
  }
}

describe("the JSON reporter", () => {
  it("writes every event as one line that the schema decodes to the same event", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (events) => {
        const lines = written(events)
        assert.deepStrictEqual(
          lines.map((line) => decode(line)),
          events.map((event) => decode(encode(event)))
        )
      })
    )
  })

  it("keeps NaN and infinities", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const lines = written(values.map((value) => metric("train", 0, "loss", value)))
    assert.deepStrictEqual(
      lines.map((line) => decode(line)),
      values.map((value) => metric("train", 0, "loss", value))
    )
  })

  it("writes a lone event soon, without waiting for a second one", () => {
    const sink = new PipeSink()
    const timing = new ManualTiming()
    jsonReporter(sink, timing).event(runStarted(3))
    timing.advance(20)
    assert.strictEqual(sink.text.trimEnd(), encode(runStarted(3)))
  })

  it("needs few writes for many events", () => {
    const sink = new PipeSink()
    const reporter = jsonReporter(sink, new ManualTiming())
    for (let step = 0; step < 10_000; step++) reporter.event(metric("train", step, "loss", 1 / step, step))
    reporter.close()
    assert.strictEqual(sink.text.split("\n").length, 10_001)
    assert.isBelow(sink.writes, 30)
  })

  it("writes nothing after it was closed", () => {
    const sink = new PipeSink()
    const reporter = jsonReporter(sink, new ManualTiming())
    reporter.close()
    reporter.event(runStarted(3))
    reporter.close()
    assert.strictEqual(sink.text, "")
  })

  it("does not care whether it writes to a terminal", () => {
    const terminal = new Terminal(80, 24)
    const reporter = jsonReporter(terminal, new ManualTiming())
    reporter.event(runStarted(3))
    reporter.close()
    assert.deepStrictEqual(terminal.writes, [`${encode(runStarted(3))}\n`])
  })
})
