import { assert, describe, it } from "vitest"
import { plainReporter } from "../../../src/cli/reporter/plain.ts"
import { colourStyle, plainStyle } from "../../../src/cli/view/style.ts"
import { withoutAnsi } from "../../../src/cli/view/text.ts"
import type { Event } from "../../../src/track/event.ts"
import {
  cached,
  failed,
  finished,
  interrupted,
  log,
  metric,
  progress,
  runFinished,
  runStarted,
  skipped,
  started,
  waiting
} from "./events.ts"
import { ManualTiming } from "./terminal.ts"

const sinkOf = () => {
  const writes: Array<string> = []
  return {
    writes,
    sink: { isTerminal: false, columns: () => 80, rows: () => 24, write: (text: string) => writes.push(text) }
  }
}

const print = (events: ReadonlyArray<Event>, style = plainStyle): string => {
  const { sink, writes } = sinkOf()
  const reporter = plainReporter({
    sink: { ...sink, write: (text) => void sink.write(text) },
    timing: new ManualTiming(),
    style
  })
  for (const event of events) reporter.event(event)
  reporter.close()
  return writes.join("")
}

/** Without the lines that other tests are about. */
const lines = (events: ReadonlyArray<Event>): ReadonlyArray<string> => print(events).split("\n").slice(0, -1)

const story: ReadonlyArray<Event> = [
  runStarted(5),
  cached("train", 1, 600),
  cached("standard", 2, 123),
  started("robust", 3, "params changed: attack.seed 1 → 2"),
  log("robust", 4, "uses `onnx` on 2 threads"),
  metric("robust", 5, "loss", 0.5, 1),
  finished("robust", 372_000, 372, { accuracy: 0.1 + 0.2, loss: Number.NaN }),
  started("robustAttacked", 373_000, "input changed: model"),
  waiting("other", 374_000),
  failed("robustAttacked", 375_000, "`pgd` produced NaN at step 17 (image 4021)", "lower `learningRate`"),
  skipped("robustReport", 376_000, "robustAttacked"),
  runFinished(380_000, "failed")
]

describe("the plain reporter", () => {
  it("tells a run line by line, ends with the cure and the sum", () => {
    assert.strictEqual(
      print(story),
      `plan     mnist-advtrain: 5 nodes
cached   train            116f54c4
cached   standard         fe6d3468
run      robust           params changed: attack.seed 1 → 2
info     robust           uses \`onnx\` on 2 threads
done     robust           3f650dce  6m 12s
metrics  robust           accuracy 0.3, loss NaN
run      robustAttacked   input changed: model
wait     other            computed by process 4312 on box
fail     robustAttacked   \`pgd\` produced NaN at step 17 (image 4021)
skip     robustReport     needs \`robustAttacked\`

hint: lower \`learningRate\`

2 cached, 1 run, 1 failed, 1 not started in 6m 20s, saved 12m 03s
`
    )
  })

  it("says the same in colour", () => {
    assert.strictEqual(withoutAnsi(print(story, colourStyle)), print(story))
    assert.notStrictEqual(print(story, colourStyle), print(story))
  })

  it("says that a failed attempt is tried again, and counts only the last one", () => {
    const text = print([
      runStarted(1),
      started("a", 0),
      failed("a", 1, "no memory", "buy some", true),
      started("a", 2, "no earlier run", 2),
      finished("a", 3),
      runFinished(4000)
    ])
    assert.include(text, "retry    a                failed after 3.0 s: no memory\n")
    assert.include(text, "run      a                attempt 2, no earlier run\n")
    assert.notInclude(text, "hint")
    assert.include(text, "\n1 run in 4.0 s\n")
  })

  it("gives each cure once, and with several cures says which node it is for", () => {
    const text = print([
      runStarted(3),
      failed("a", 1, "x", "cure one"),
      failed("b", 2, "y", "cure two"),
      failed("c", 3, "z", "cure one"),
      runFinished(4, "failed")
    ])
    assert.include(
      text,
      "\n\nhint: `a` and 1 more node: cure one\n\nhint: `b`: cure two\n\n3 failed in 4 ms\n"
    )
  })

  it("prints progress at each tenth, not at each report", () => {
    const events: Array<Event> = [started("a", 0)]
    for (let done = 1; done <= 1000; done++) events.push(progress("a", done * 20, done, 1000))
    const told = lines(events).filter((line) => line.startsWith("progress"))
    assert.strictEqual(told.length, 10)
    assert.strictEqual(told[3], "progress a                40 %  400/1,000 images  50 images/s  12 s left")
  })

  it("prints no progress of a node that is over within a second", () => {
    const events: Array<Event> = [started("a", 0)]
    for (let done = 1; done <= 10; done++) events.push(progress("a", done * 90, done, 10))
    assert.deepStrictEqual(
      lines(events).filter((line) => line.startsWith("progress")),
      []
    )
  })

  it("breaks a silence of half a minute", () => {
    const events: Array<Event> = [started("a", 0)]
    for (let second = 1; second <= 90; second++)
      events.push(progress("a", second * 1000, second, 1_000_000, "steps"))
    const told = lines(events).filter((line) => line.startsWith("progress"))
    assert.deepStrictEqual(
      told.map((line) => /\d+\/1,000,000/.exec(line)?.[0]),
      ["30/1,000,000", "60/1,000,000", "90/1,000,000"]
    )
  })

  it("lets no control character of a name or a message through", () => {
    const text = print([
      cached("evil\u001b[2J\nname", 0),
      log("a", 1, "\u001b[31mred\u001b[0m\rline one\nline\u0007 two\u202e"),
      failed("a", 2, "bad\u0000", "hint\u001b]0;title\u0007")
    ])
    assert.notMatch(text.replaceAll("\n", ""), /[\p{Cc}\u202e]/u)
    assert.include(text, "cached   evil\\nname")
    assert.include(
      text,
      "info     a                red\\rline one\ninfo     a                line\\x07 two\\u202e\n"
    )
  })

  it("keeps all lines of a message of several lines", () => {
    const text = print([failed("a", 2, "first\nsecond\nthird")])
    assert.strictEqual(text, "fail     a                first\n         second\n         third\n")
  })

  it("tells of an interruption", () => {
    const text = print([
      runStarted(2),
      started("a", 0),
      interrupted("a", 2000),
      skipped("b", 2001, "the run was stopping"),
      runFinished(2002, "interrupted")
    ])
    assert.include(
      text,
      "stop     a                after 2.0 s\nskip     b                the run was stopping\n"
    )
    assert.include(text, "\n1 interrupted, 1 not started in 2.0 s\n")
  })

  it("prints 10,000 cached nodes in few writes", () => {
    const events = Array.from({ length: 10_000 }, (_, index) => cached(`node/${index}`, index))
    const { sink, writes } = sinkOf()
    const reporter = plainReporter({
      sink: { ...sink, write: (text) => void sink.write(text) },
      timing: new ManualTiming(),
      style: plainStyle
    })
    for (const event of events) reporter.event(event)
    reporter.close()
    assert.strictEqual(writes.join("").split("\n").length, 10_001)
    assert.isBelow(writes.length, 20)
  })
})
