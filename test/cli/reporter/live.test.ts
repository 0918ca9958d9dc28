import { assert, describe, it } from "vitest"
import { liveReporter } from "../../../src/cli/reporter/live.ts"
import type { ReporterOptions } from "../../../src/cli/reporter/plain.ts"
import { colourStyle, plainStyle } from "../../../src/cli/view/style.ts"
import { displayWidth } from "../../../src/cli/view/text.ts"
import type { Event } from "../../../src/track/event.ts"
import {
  cached,
  failed,
  finished,
  log,
  metric,
  progress,
  runFinished,
  runStarted,
  skipped,
  started,
  waiting
} from "./events.ts"
import { ManualTiming, Terminal } from "./terminal.ts"

/** A reporter on a terminal of its own, with a clock that the test moves. */
const rig = (
  columns = 80,
  rows = 24,
  style = plainStyle,
  plan: Pick<ReporterOptions, "nodes" | "cores"> = {}
) => {
  const terminal = new Terminal(columns, rows)
  const timing = new ManualTiming()
  const reporter = liveReporter({ sink: terminal, timing, style, ...plan })
  const send = (...events: ReadonlyArray<Event>) => {
    for (const event of events) reporter.event(event)
  }
  return { terminal, timing, reporter, send }
}

const starting = (terminal: Terminal, word: string) =>
  terminal.everything.filter((line) => line.startsWith(word))

describe("the live reporter", () => {
  it("keeps what is over above and redraws what goes on below", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(4), cached("train", 0), started("robust", 0, "params changed: attack.seed 1 → 2"))
    timing.advance(10_000)
    assert.deepStrictEqual(terminal.screen, [
      "plan     mnist-advtrain: 4 nodes",
      "cached   train            116f54c4",
      "run      robust           10 s  params changed: attack.seed 1 → 2",
      "1 of 4 done, 1 running, 10 s elapsed"
    ])
    for (let second = 11; second <= 20; second++) {
      timing.advance(1000)
      send(
        progress("robust", timing.now(), (second - 10) * 1000, 60_000),
        metric("robust", timing.now(), "loss", 0.51)
      )
    }
    timing.advance(100)
    assert.deepStrictEqual(terminal.screen.slice(2), [
      "run      robust           █░░░░░░░░░  10,000/60,000 images  50 s left  20 s",
      "1 of 4 done, 1 running, 20 s elapsed"
    ])
    send(finished("robust", 20_000, 20, { accuracy: 0.5 }))
    timing.advance(100)
    assert.deepStrictEqual(terminal.screen.slice(2), [
      "done     robust           3f650dce  20.0 s  params changed: attack.seed 1 → 2",
      "metrics  robust           accuracy 0.5",
      "2 of 4 done, 0 running, 20 s elapsed"
    ])
  })

  it("widens the names' column for a long name that runs", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(1), started("evaluate/retrained/0.1", 0))
    timing.advance(1000)
    assert.strictEqual(terminal.screen[1], "run      evaluate/retrained/0.1  1 s  no earlier run")
  })

  it("uses the room of a wide terminal", () => {
    const { terminal, timing, send } = rig(200)
    send(runStarted(1), started("robust", 0))
    for (let second = 0; second <= 10; second++) {
      send(
        progress("robust", timing.now(), second * 1000, 60_000),
        metric("robust", timing.now(), "loss", 0.51)
      )
      timing.advance(1000)
    }
    assert.strictEqual(
      terminal.screen[1],
      "run      robust           ███░░░░░░░░░░░░░░░░░  10,000/60,000 images  1,000 images/s  49 s left  11 s  loss 0.51"
    )
    assert.strictEqual(terminal.screen[2], "0 of 1 done, 1 running, 11 s elapsed, about 49 s left")
  })

  it("lines running nodes up under each other", () => {
    const { terminal, timing, send } = rig(100)
    send(runStarted(3), started("a", 0), started("bb", 0), waiting("c", 0))
    send(progress("a", 0, 5, 10, "epochs"), progress("bb", 0, 50_000, 60_000))
    timing.advance(3000)
    assert.deepStrictEqual(terminal.screen.slice(1, 4), [
      "run      a                ██████████░░░░░░░░░░           5/10 epochs  3 s",
      "run      bb               ████████████████░░░░  50,000/60,000 images  3 s",
      "wait     c                                                            3 s  computed by process 431…"
    ])
  })

  it("ends with the sum, no live line, and the cursor back", () => {
    const { terminal, timing, send, reporter } = rig()
    send(runStarted(3), started("a", 0))
    timing.advance(1000)
    assert.isFalse(terminal.cursorVisible)
    send(
      failed("a", 1000, "NaN at step 17", "lower `learningRate`"),
      skipped("b", 1000, "a"),
      skipped("c", 1000, "b")
    )
    send(runFinished(1500, "failed"))
    reporter.close()
    assert.deepStrictEqual(terminal.screen, [
      "plan     mnist-advtrain: 3 nodes",
      "fail     a                NaN at step 17",
      "skip     b                needs `a`",
      "skip     c                needs `b`",
      "",
      "hint: lower `learningRate`",
      "",
      "1 failed, 2 not started in 1.5 s"
    ])
    assert.isTrue(terminal.cursorVisible)
    assert.strictEqual(timing.pending, 0)
  })

  it("draws nothing below the sum while it waits to be closed", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(1), started("a", 0), finished("a", 1000), runFinished(1000))
    timing.advance(5000)
    assert.strictEqual(terminal.screen.at(-1), "1 run in 1.0 s")
  })

  it("gives the cursor back when it is closed in mid-run, once", () => {
    const { terminal, timing, send, reporter } = rig()
    send(runStarted(3), started("a", 0))
    timing.advance(1000)
    reporter.close()
    reporter.close()
    send(log("a", 2000, "too late"))
    timing.advance(1000)
    assert.isTrue(terminal.cursorVisible)
    assert.deepStrictEqual(terminal.screen, ["plan     mnist-advtrain: 3 nodes"])
  })

  it("tells more than 20 cached nodes in one line, and 20 one by one", () => {
    const { terminal, timing, send } = rig()
    send(
      runStarted(60),
      ...Array.from({ length: 37 }, (_, index) => cached(`n${index}`, 0, 10)),
      started("a", 0)
    )
    timing.advance(100)
    assert.deepStrictEqual(terminal.screen.slice(0, 2), [
      "plan     mnist-advtrain: 60 nodes",
      "cached   37 nodes, 6m 10s saved"
    ])
    send(finished("a", 1000))
    timing.advance(100)
    assert.deepStrictEqual(starting(terminal, "cached"), ["cached   37 nodes, 6m 10s saved"])

    const few = rig()
    few.send(
      runStarted(60),
      ...Array.from({ length: 20 }, (_, index) => cached(`n${index}`, 0, 10)),
      started("a", 0)
    )
    few.timing.advance(100)
    assert.strictEqual(starting(few.terminal, "cached").length, 20)
  })

  it("tells cached nodes that trickle in as few lines too", () => {
    const { terminal, timing, send, reporter } = rig(80, 100)
    send(runStarted(200), started("a", 0))
    for (let index = 0; index < 100; index++) {
      send(cached(`n${index}`, timing.now(), 1))
      timing.advance(100)
    }
    send(finished("a", timing.now()), runFinished(timing.now()))
    reporter.close()
    const told = starting(terminal, "cached")
    assert.strictEqual(told.length, 21)
    assert.strictEqual(told.at(-1), "cached   80 more nodes, 1m 20s saved")
  })

  it("draws at most ten frames a second, however many events come", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(1), started("a", 0))
    for (let millis = 0; millis < 10_000; millis++) {
      send(progress("a", millis, millis, 10_000), metric("a", millis, "loss", millis))
      timing.advance(1)
    }
    assert.isAtMost(terminal.writes.length, 101)
    assert.isAtLeast(terminal.writes.length, 20)
  })

  it("writes nothing while nothing changes but the half seconds", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(1), started("a", 0))
    timing.advance(60_000)
    assert.isAtMost(terminal.writes.length, 62)
  })

  it("shows 40 running nodes on 24 rows without losing a line", () => {
    for (const style of [plainStyle, colourStyle]) {
      const { terminal, timing, send, reporter } = rig(80, 24, style)
      send(runStarted(40))
      for (let index = 0; index < 40; index++) send(started(`node/${index}`, 0))
      timing.advance(1000)
      // The plan's line scrolled away: 23 live lines and the cursor's own.
      assert.deepStrictEqual(terminal.screen.slice(-2), [
        "+19 more running",
        "0 of 40 done, 40 running, 1 s elapsed"
      ])
      assert.strictEqual(terminal.screen.length, 23)
      for (let index = 39; index >= 0; index--) {
        send(
          log(`node/${index}`, timing.now(), `a line ${"long ".repeat(30)}end`),
          finished(`node/${index}`, timing.now())
        )
        timing.advance(70)
      }
      send(runFinished(timing.now()))
      reporter.close()
      assert.strictEqual(starting(terminal, "done").length, 40)
      assert.strictEqual(starting(terminal, "info").filter((line) => line.endsWith("end")).length, 40)
      assert.deepStrictEqual(starting(terminal, "run "), [])
      assert.deepStrictEqual(starting(terminal, "+"), [])
      assert.strictEqual(terminal.everything.length, 1 + 80 + 2)
    }
  })

  it("never shows more live lines than fit, on any size of terminal", () => {
    for (const [columns, rows] of [
      [80, 24],
      [200, 50],
      [20, 5],
      [10, 2],
      [3, 3],
      [80, 1]
    ] as const) {
      const { terminal, timing, send, reporter } = rig(columns, rows)
      send(runStarted(30), ...Array.from({ length: 25 }, (_, index) => cached(`c${index}`, 0)))
      for (let index = 0; index < 5; index++) send(started(`a rather long name of a node/${index}`, 0))
      timing.advance(1000)
      assert.isAtMost(terminal.screen.length, rows)
      for (const line of terminal.screen) assert.isAtMost(displayWidth(line), columns)
      assert.deepStrictEqual(
        terminal.scrollback.filter(({ cells }) => cells.join("").startsWith("run")),
        []
      )
      send(runFinished(timing.now()))
      reporter.close()
      assert.isTrue(terminal.cursorVisible)
    }
  })

  it("survives a resize in mid-run without a torn or a lost line", () => {
    const { terminal, timing, send, reporter } = rig(200, 50)
    send(
      runStarted(12),
      log("a", 0, "first"),
      ...Array.from({ length: 6 }, (_, index) => started(`node/${index}`, 0))
    )
    for (let index = 0; index < 6; index++) {
      for (let second = 0; second < 4; second++)
        send(progress(`node/${index}`, second * 1000, second * 1000, 60_000))
    }
    timing.advance(4000)
    assert.isAbove(displayWidth(terminal.screen[2] ?? ""), 80)
    let told = 1
    for (const [columns, rows] of [
      [80, 50],
      [40, 50],
      [200, 50],
      [60, 24],
      [120, 30]
    ] as const) {
      terminal.resize(columns, rows)
      send(log("a", timing.now(), `at ${columns}`))
      told++
      timing.advance(1000)
      assert.strictEqual(starting(terminal, "info").length, told, `at ${columns}`)
      assert.strictEqual(starting(terminal, "run ").length, 6, `at ${columns}`)
      assert.strictEqual(
        terminal.everything.filter((line) => / running/.test(line)).length,
        1,
        `at ${columns}`
      )
    }
    // Without an event, the next tick puts a frame of the new size there.
    terminal.resize(50, 30)
    timing.advance(1000)
    assert.strictEqual(starting(terminal, "run ").length, 6)
    for (let index = 0; index < 6; index++) send(finished(`node/${index}`, timing.now()))
    send(runFinished(timing.now()))
    reporter.close()
    assert.deepStrictEqual(
      terminal.everything.map((line) => line.slice(0, 4)),
      [
        "plan",
        ...Array.from({ length: 6 }, () => "info"),
        ...Array.from({ length: 6 }, () => "done"),
        "",
        "6 ru"
      ]
    )
  })

  it("shows whole frames only: after each write the footer is the last line", () => {
    const { terminal, timing, send } = rig()
    send(runStarted(50))
    for (let index = 0; index < 50; index++) {
      send(started(`node/${index}`, timing.now()))
      timing.advance(130)
      if (index % 3 === 0) send(log(`node/${index}`, timing.now(), "x".repeat(200)))
      if (index > 5) send(finished(`node/${index - 5}`, timing.now()))
      timing.advance(130)
    }
    for (const screen of terminal.frames) assert.match(screen.at(-1) ?? "", /of 50 done/)
  })

  it("lets no control character of a name, a unit or a message move the cursor", () => {
    const { terminal, timing, send } = rig()
    // The terminal of these tests throws at an escape that the reporter should not use.
    send(
      runStarted(1),
      started("evil\u001b[10A\u001b[2J", 0, "why\u0007\r"),
      waiting("w\u0000", 0, "h\u001bc")
    )
    send(
      progress("evil\u001b[10A\u001b[2J", 0, 1, 2, "un\u001b[3Bits"),
      metric("evil\u001b[10A\u001b[2J", 0, "m\u001b[H", 1)
    )
    send(log("a", 0, "x\u001b[2Jy"))
    timing.advance(1000)
    assert.strictEqual(terminal.screen.length, 5)
  })

  it("counts wide characters as two columns", () => {
    const { terminal, timing, send } = rig(40)
    send(runStarted(1), started("模型".repeat(20), 0, "理由".repeat(20)))
    timing.advance(1000)
    assert.strictEqual(terminal.screen.length, 3)
    for (const line of terminal.screen) assert.isAtMost(displayWidth(line), 39)
  })

  it("estimates the whole run from what ran, and says nothing before", () => {
    const { terminal, timing, send } = rig(120)
    send(runStarted(10))
    for (let index = 0; index < 4; index++) {
      send(started(`n${index}`, timing.now()))
      timing.advance(5000)
      assert.strictEqual(/about/.test(terminal.screen.at(-1) ?? ""), index === 3, `node ${index}`)
      timing.advance(5000)
      send(finished(`n${index}`, timing.now(), 10))
    }
    send(started("n4", timing.now()))
    timing.advance(5000)
    assert.match(terminal.screen.at(-1) ?? "", /about 55 s left$/)
  })

  it("estimates nodes by what they took the last time, else by others of their stage", () => {
    const nodes = [
      ...["t0", "t1", "t2"].map((name) => ({ name, stage: "train", cores: 2, after: [] })),
      ...["s0", "s1", "s2"].map((name) => ({ name, stage: "sweep", cores: 1, after: [] }))
    ]
    const { terminal, timing, send, reporter } = rig(120, 24, plainStyle, { nodes, cores: 2 })
    const left = () => /about .*/.exec(terminal.screen.at(-1) ?? "")?.[0]
    send(runStarted(6), started("t0", timing.now()))
    timing.advance(100_000)
    assert.isUndefined(left())
    send(finished("t0", timing.now(), 100), started("s0", timing.now()))
    timing.advance(10_000)
    // Of sweeps, none has ended, and two stages more would make it a guess.
    assert.isUndefined(left())
    send(finished("s0", timing.now(), 10), started("s1", timing.now()))
    timing.advance(4000)
    // 6 s of this one and 10 s of the last sweep on one core of two, twice 100 s of training on both.
    assert.strictEqual(left(), "about 3m 28s left")
    reporter.expect?.((name) => (name === "t1" ? { seconds: 20, basis: "same" } : undefined))
    timing.advance(1000)
    assert.strictEqual(left(), "about 2m 08s left")
    send(cached("t2", timing.now()))
    timing.advance(1000)
    assert.strictEqual(left(), "about 27 s left")
  })

  it("estimates other nodes of a stage by one that says how far it is", () => {
    const nodes = ["t0", "t1"].map((name) => ({ name, stage: "train", cores: 1, after: [] }))
    const { terminal, timing, send } = rig(120, 24, plainStyle, { nodes, cores: 1 })
    send(runStarted(2), started("t0", timing.now()))
    for (const done of [0, 10, 20]) {
      send(progress("t0", timing.now(), done, 40))
      timing.advance(5000)
    }
    // 5 s have passed since it had done half, in 10 s: 5 s of it, and 20 s of the other.
    assert.include(terminal.screen.at(-1) ?? "", "about 25 s left")
  })

  it("handles 10,000 nodes and a million reports within seconds", () => {
    const { timing, send, reporter, terminal } = rig()
    const before = performance.now()
    send(runStarted(10_000))
    const report = progress("n0", 0, 1, 100)
    send(started("n0", 0))
    for (let index = 0; index < 1_000_000; index++) reporter.event(report)
    timing.advance(100)
    for (let index = 1; index < 10_000; index++) reporter.event(skipped(`n${index}`, index, "n0"))
    send(failed("n0", 1, "x"), runFinished(1, "failed"))
    reporter.close()
    assert.deepStrictEqual(starting(terminal, "skip"), ["skip     9,999 nodes"])
    assert.isBelow(performance.now() - before, 3000)
  })
})
