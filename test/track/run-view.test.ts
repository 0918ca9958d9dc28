import { Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { digestOf } from "../../src/artifact/digest.ts"
import type { Event } from "../../src/track/event.ts"
import { decodeRunView, encodeRunView, foldRun, RunFold, RunView } from "../../src/track/run-view.ts"
import {
  anyEvent,
  cached,
  failed,
  finished,
  interrupted,
  log,
  metric,
  planned,
  progress,
  runFinished,
  runStarted,
  skipped,
  started,
  waiting
} from "../cli/reporter/events.ts"

// train --> robust --> attacked --> report
const plan = [
  planned("train", {}, "load-mnist"),
  planned("robust", { data: "train" }),
  planned("attacked", { model: "robust", clean: ["train"] }),
  planned("report", { attacked: { fgsm: "attacked" } })
]

const journal: ReadonlyArray<Event> = [
  runStarted(4, 1000),
  cached("train", 1001, 600, { images: 60_000 }),
  started("robust", 1002, "params changed: attack.seed 1 → 2"),
  progress("robust", 1500, 1, 2, "epochs"),
  metric("robust", 1500, "loss", 0.5, 1),
  log("robust", 1600, "halfway"),
  metric("robust", 2000, "loss", 0.25, 2),
  finished("robust", 3002, 2, { loss: 0.25 }, true),
  started("attacked", 3003, "input changed: model"),
  failed("attacked", 6003, "NaN", "clip"),
  skipped("report", 6004, "attacked"),
  { _tag: "RunFinished", at: 6005, status: "failed", seconds: 5.005 }
]

const states = (view: RunView) => Object.fromEntries(view.nodes.map(({ name, state }) => [name, state]))
const node = (view: RunView, name: string) => {
  const found = view.nodes.find((each) => each.name === name)
  assert.isDefined(found)
  return found
}

describe("a run's view", () => {
  it("tells the run from its events and its plan", () => {
    const view = foldRun(journal, plan)
    assert.deepInclude(view, {
      id: "run-1",
      pipeline: "mnist-advtrain",
      preset: "demo",
      status: "failed",
      startedAt: 1000,
      seconds: 5.005,
      savedSeconds: 600,
      total: 4
    })
    assert.deepInclude(view.counts, { cached: 1, ran: 1, failed: 1, skipped: 1, interrupted: 0, pending: 0 })
    assert.deepStrictEqual(node(view, "robust"), {
      ...planned("robust", { data: "train" }),
      state: "ran",
      key: digestOf("key robust"),
      digest: digestOf("robust"),
      reason: "params changed: attack.seed 1 → 2",
      seconds: 2,
      savedSeconds: 0,
      bytes: 2048,
      metrics: { loss: 0.25 },
      attempts: 1,
      unchanged: true,
      series: {
        loss: [
          [1, 0.5],
          [2, 0.25]
        ]
      },
      logs: [{ at: 1600, level: "info", message: "halfway" }]
    })
    assert.deepInclude(node(view, "train"), { state: "cached", seconds: 0, savedSeconds: 600, attempts: 0 })
    assert.deepStrictEqual(node(view, "attacked").failure, { tag: "Boom", message: "NaN", hint: "clip" })
    assert.strictEqual(node(view, "report").reason, "attacked")
  })

  it("lists nodes in the plan's order, and without a plan in the order of their events", () => {
    const events = [runStarted(3), cached("b"), cached("a")]
    assert.deepStrictEqual(
      foldRun(events).nodes.map(({ name }) => name),
      ["b", "a"]
    )
    const abc = ["a", "b", "c"].map((name) => planned(name))
    assert.deepStrictEqual(
      foldRun(events, abc).nodes.map(({ name }) => name),
      ["a", "b", "c"]
    )
    assert.strictEqual(foldRun(events).total, 3)
  })

  it("takes a journal without an end for a crash: what ran was interrupted, what waited was skipped", () => {
    const view = foldRun([...journal.slice(0, 4), waiting("attacked", 2500)], plan)
    assert.strictEqual(view.status, "crashed")
    assert.strictEqual(view.seconds, 1.5)
    assert.deepStrictEqual(states(view), {
      train: "cached",
      robust: "interrupted",
      attacked: "skipped",
      report: "skipped"
    })
    assert.strictEqual(node(view, "report").reason, "not reached")
    assert.strictEqual(node(view, "robust").seconds, 1.498)
  })

  it("tells the same journal as running while somebody writes it", () => {
    const view = foldRun([...journal.slice(0, 4), waiting("attacked", 2500)], plan, {
      alive: true,
      now: 11_002
    })
    assert.strictEqual(view.status, "running")
    assert.strictEqual(view.seconds, 10.002)
    assert.deepStrictEqual(states(view), {
      train: "cached",
      robust: "running",
      attacked: "waiting",
      report: "pending"
    })
    assert.strictEqual(node(view, "robust").seconds, 10)
  })

  it("believes the end of a run even from a journal that somebody is said to write", () => {
    assert.strictEqual(foldRun(journal, plan, { alive: true }).status, "failed")
  })

  it("has nodes without an end interrupted once the run was interrupted", () => {
    const view = foldRun([
      runStarted(3),
      started("a", 0),
      started("b", 0),
      interrupted("a", 2000),
      runFinished(2000, "interrupted")
    ])
    assert.deepStrictEqual(states(view), { a: "interrupted", b: "interrupted" })
    assert.strictEqual(view.status, "interrupted")
  })

  it("keeps the last metrics of a node that did not finish", () => {
    const view = foldRun([
      runStarted(1),
      started("a", 0),
      metric("a", 1, "loss", 2),
      metric("a", 2, "loss", 1)
    ])
    assert.deepStrictEqual(node(view, "a").metrics, { loss: 1 })
  })

  it("counts attempts and adds up their time; a later success keeps the failure", () => {
    const view = foldRun([
      runStarted(1),
      started("a", 0),
      failed("a", 3000, "no memory", undefined, true),
      started("a", 3000, "no earlier run", 2),
      finished("a", 5000, 2),
      runFinished(5000)
    ])
    assert.deepInclude(node(view, "a"), { state: "ran", attempts: 2, seconds: 5 })
    assert.strictEqual(node(view, "a").failure?.message, "no memory")
  })

  it("takes a crash between two attempts for an interruption", () => {
    const view = foldRun([runStarted(1), started("a", 0), failed("a", 3000, "x", undefined, true)])
    assert.strictEqual(node(view, "a").state, "interrupted")
  })

  it("joins a resumed attempt's curve to the part that was kept", () => {
    const attempt = (number: number, from: number, to: number, offset: number): Array<Event> => [
      started("a", 0, "r", number),
      ...Array.from({ length: to - from + 1 }, (_, index) =>
        metric("a", 0, "loss", offset + from + index, from + index)
      )
    ]
    const view = foldRun([runStarted(1), ...attempt(1, 0, 6, 0), ...attempt(2, 4, 8, 100)])
    assert.deepStrictEqual(
      node(view, "a").series["loss"]?.map(([step, value]) => [step, value]),
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 104],
        [5, 105],
        [6, 106],
        [7, 107],
        [8, 108]
      ]
    )
  })

  it("counts the steps of metrics that have none", () => {
    const view = foldRun([metric("a", 0, "x", 5), metric("a", 0, "x", 6), metric("a", 0, "x", 7)])
    assert.deepStrictEqual(node(view, "a").series["x"], [
      [0, 5],
      [1, 6],
      [2, 7]
    ])
  })

  it("thins long curves out evenly and keeps their ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 2, max: 50 }), (length, points) => {
        const events = Array.from({ length }, (_, step) => metric("a", 0, "x", step, step))
        const curve = node(foldRun(events, [], { points }), "a").series["x"] ?? []
        assert.isAtMost(curve.length, points + 1)
        if (length >= points) assert.isAtLeast(curve.length, Math.floor(points / 2))
        assert.strictEqual(curve[0]?.[0], 0)
        assert.strictEqual(curve.at(-1)?.[0], length - 1)
        const gaps = new Set(curve.slice(1, -1).map(([step], index) => step - (curve[index]?.[0] ?? 0)))
        assert.isAtMost(gaps.size, 1)
      })
    )
  })

  it("keeps the latest log lines of a chatty node", () => {
    const events = Array.from({ length: 1000 }, (_, index) => log("a", index, `line ${index}`))
    const messages = (logs: number) =>
      node(foldRun(events, [], { logs }), "a").logs.map(({ message }) => message)
    assert.deepStrictEqual(messages(2), ["line 998", "line 999"])
    assert.deepStrictEqual(messages(0), [])
    assert.strictEqual(messages(5000).length, 1000)
  })

  it("tells the empty journal as a crash of nothing", () => {
    assert.deepInclude(foldRun([]), { id: "", status: "crashed", seconds: 0, total: 0, nodes: [] })
  })

  it("goes through JSON and back, NaN included", () => {
    const view = foldRun([...journal, metric("robust", 7000, "loss", Number.NaN, 3)], plan)
    const result = decodeRunView(JSON.parse(JSON.stringify(encodeRunView(view))))
    assert.deepStrictEqual(result._tag === "Success" ? result.success : result.failure, view)
  })

  it("is valid and complete for any events in any order, and the same in steps as at once", () => {
    const isView = Schema.is(RunView)
    fc.assert(
      fc.property(fc.array(anyEvent), fc.boolean(), (events, alive) => {
        const view = foldRun(events, plan, { alive })
        assert.isTrue(isView(view))
        assert.strictEqual(
          Object.values(view.counts).reduce((a, b) => a + b),
          view.nodes.length
        )
        if (!alive) assert.strictEqual(view.counts.running + view.counts.waiting + view.counts.pending, 0)
        const fold = new RunFold(plan)
        for (const event of events) {
          fold.add(event)
          fold.view({ alive })
        }
        assert.deepStrictEqual(fold.view({ alive }), view)
      })
    )
  })

  it("folds 10,000 nodes and a million metrics within seconds", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `node/${index}`)
    const fold = new RunFold(names.map((name) => planned(name)))
    const before = performance.now()
    fold.add(runStarted(10_000))
    for (const [index, name] of names.entries()) fold.add(index % 2 === 0 ? cached(name) : started(name))
    for (let step = 0; step < 1_000_000; step++) fold.add(metric("node/1", step, "loss", 1 / step, step))
    const view = fold.view()
    assert.isBelow(performance.now() - before, 4000)
    assert.strictEqual(view.counts.cached, 5000)
    assert.isAtMost(node(view, "node/1").series["loss"]?.length ?? 0, 201)
  })
})
