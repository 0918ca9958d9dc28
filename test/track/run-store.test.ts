import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import type { DiskShape } from "../../src/artifact/disk.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { StoreFault } from "../../src/artifact/store-error.ts"
import type { Event } from "../../src/track/event.ts"
import { encodePlan } from "../../src/track/plan-file.ts"
import { NoSuchRun, RunStore, type RunStoreShape } from "../../src/track/run-store.ts"
import { countingDisk, failingOnce, realDisk } from "../rig/faulty-disk.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"

const plan = { pipeline: "p", description: "", preset: "demo", params: {}, stages: [], nodes: [] }
const planText = encodePlan(plan)
const planDigest = digestOf(planText)

const inStore = <A, E>(
  use: (runs: RunStoreShape, layout: StoreLayout) => Effect.Effect<A, E>,
  disk: DiskShape = realDisk
) =>
  Effect.gen(function* () {
    const layout = yield* scratchLayout
    realDisk.makeDirectory(`${layout.root}/plans`)
    writeFileSync(layout.plan(planDigest), planText)
    const runs = yield* RunStore.pipe(Effect.provide(storeAt(layout, disk)))
    return yield* use(runs, layout)
  })

const create = (runs: RunStoreShape, ...ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => runs.create(id, planDigest))

const key = digestOf("key")
const started: Event = { _tag: "NodeStarted", at: 1, node: "n", key, reason: "new", attempt: 1, pid: 7 }
const metric = (value: number): Event => ({ _tag: "Metric", at: 2, node: "n", name: "loss", value, step: 3 })
const progress: Event = { _tag: "Progress", at: 2, node: "n", done: 1, total: 2, unit: "images" }
const log: Event = {
  _tag: "Log",
  at: 2,
  node: "n",
  level: "warning",
  message: "two\nlines \u2028 and a lone \ud800"
}
const finished: Event = {
  _tag: "NodeFinished",
  at: 3,
  node: "n",
  key,
  digest: digestOf("d"),
  seconds: 0.5,
  bytes: 3,
  metrics: { loss: Number.NaN, best: Number.NEGATIVE_INFINITY },
  unchanged: false
}

const pathOf = (layout: StoreLayout, id: string) => `${layout.runs}/${id}/journal.jsonl`

describe("a journal", () => {
  it.effect("is read as it was written, NaN, line breaks and all, without progress", () =>
    inStore((runs, layout) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        const events = [started, progress, metric(0.5), metric(Number.NaN), log, progress, finished]
        journal.append(events.slice(0, 3))
        journal.append([])
        journal.append([progress])
        journal.append(events.slice(3))
        const expected = events.filter((event) => event !== progress)
        assert.deepStrictEqual((yield* runs.read("a")).events, expected)
        assert.lengthOf(readFileSync(pathOf(layout, "a"), "utf8").trimEnd().split("\n"), expected.length)
        assert.notInclude(readFileSync(pathOf(layout, "a"), "utf8"), "Progress")
      })
    )
  )

  it.effect("read for its decisions alone has all of them, and no curves and logs", () =>
    inStore((runs) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        const events = [log, started, metric(1), finished, log, { ...started, reason: '{"_tag":"Metric"' }]
        journal.append(events)
        const decisions = events.filter(({ _tag }) => _tag !== "Metric" && _tag !== "Log")
        assert.deepStrictEqual((yield* runs.read("a", "decisions")).events, decisions)
      })
    )
  )

  it.effect("is on the device as soon as something in it decides about a node, and not before", () => {
    const flushes: Array<boolean> = []
    const disk: DiskShape = {
      ...realDisk,
      append: (path, bytes, flush) => {
        flushes.push(flush)
        realDisk.append(path, bytes, flush)
      }
    }
    return inStore(
      (runs) =>
        Effect.gen(function* () {
          const journal = yield* runs.create("a", planDigest)
          for (const events of [
            [metric(1)],
            [log],
            [progress],
            [metric(1), log],
            [started],
            [metric(1), finished],
            [finished, metric(1)]
          ])
            journal.append(events)
          assert.deepStrictEqual(flushes, [false, false, false, true, true, true])
        }),
      disk
    )
  })

  it.effect("has its name on the device before its first line", () => {
    const { disk, log: operations } = countingDisk()
    return inStore(
      (runs, layout) =>
        Effect.gen(function* () {
          const journal = yield* runs.create("a", planDigest)
          journal.append([started])
          const told = operations
            .filter(({ operation }) => operation === "syncDirectory" || operation === "append")
            .map(({ operation, path }) => `${operation} ${path.slice(layout.root.length)}`)
          const append = told.indexOf("append /runs/a/journal.jsonl")
          for (const directory of ["/runs/a", "/runs", ""])
            assert.include(told.slice(0, append), `syncDirectory ${directory}`)
        }),
      disk
    )
  })

  it.effect("that was cut at any byte gives the events of its whole lines", () =>
    inStore((runs, layout) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        const events = [started, metric(1), finished]
        journal.append(events)
        const path = pathOf(layout, "a")
        const text = readFileSync(path)
        for (let length = text.length - 1; length >= 0; length--) {
          truncateSync(path, length)
          const whole = text.subarray(0, length).filter((byte) => byte === 10).length
          const read = (yield* runs.read("a")).events
          // A last line that lacks its line feed alone is whole.
          assert.include([whole, whole + (text[length] === 10 ? 1 : 0)], read.length)
          assert.deepStrictEqual(read, events.slice(0, read.length))
        }
      })
    )
  )

  it.effect("with garbage among its lines gives all others", () =>
    inStore((runs, layout) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        const path = pathOf(layout, "a")
        for (const garbage of [
          "{",
          "null",
          "[]",
          '{"_tag":"Unknown","at":1}',
          "\0\0\0\0",
          "",
          "\ufeff",
          '{"_tag":"NodeStarted"}'
        ]) {
          journal.append([started])
          appendFileSync(path, `${garbage}\n`)
        }
        appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a]))
        journal.append([finished])
        const { events } = yield* runs.read("a")
        assert.deepStrictEqual(events, [...Array<Event>(8).fill(started), finished])
      })
    )
  )

  it.effect("goes on in a new line after a full disk took half of one", () => {
    const { disk: probe, log: operations } = countingDisk()
    const story = (runs: RunStoreShape) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        journal.append([started])
        let refused = 0
        for (const event of [metric(1), finished]) {
          try {
            journal.append([event])
          } catch {
            refused++
          }
        }
        return { refused, events: (yield* runs.read("a")).events }
      })
    return Effect.gen(function* () {
      yield* inStore(story, probe)
      const second = operations.flatMap(({ operation }, at) => (operation === "append" ? [at] : []))[1] ?? -1
      const { disk } = failingOnce(second, { code: "ENOSPC", done: "half" })
      const { refused, events } = yield* inStore(story, disk)
      assert.strictEqual(refused, 1)
      assert.deepStrictEqual(events, [started, finished])
    })
  })

  it.effect("is started once under a name", () =>
    inStore((runs) =>
      Effect.gen(function* () {
        const journal = yield* runs.create("a", planDigest)
        journal.append([started])
        assert.instanceOf(yield* Effect.flip(runs.create("a", planDigest)), StoreFault)
        assert.deepStrictEqual((yield* runs.read("a")).events, [started])
      })
    )
  )
})

describe("a run's plan", () => {
  it.effect("is the one with which the run was started, also when the store forgets plans", () =>
    inStore((runs, layout) =>
      Effect.gen(function* () {
        yield* create(runs, "a")
        rmSync(`${layout.root}/plans`, { recursive: true })
        assert.deepStrictEqual((yield* runs.read("a")).plan, plan)
      })
    )
  )

  it.effect.each([[null], ["{"], ["{}"], [""]])(
    "is absent where its file is %j, and the events are there",
    ([text]) =>
      inStore((runs, layout) =>
        Effect.gen(function* () {
          const journal = yield* runs.create("a", planDigest)
          journal.append([started])
          rmSync(`${layout.runs}/a/plan.json`)
          if (typeof text === "string") writeFileSync(`${layout.runs}/a/plan.json`, text)
          assert.deepStrictEqual(yield* runs.read("a"), { id: "a", plan: undefined, events: [started] })
        })
      )
  )
})

describe("finding a run", () => {
  const ids = ["2024-01-01-aa", "2024-01-02-bb", "2024-01-02-bbc", "2025-07-01-cc"]

  it.effect.each([
    ["last", "2025-07-01-cc"],
    ["last~0", "2025-07-01-cc"],
    ["last~1", "2024-01-02-bbc"],
    ["last~3", "2024-01-01-aa"],
    ["2025", "2025-07-01-cc"],
    ["2024-01-01", "2024-01-01-aa"],
    ["2024-01-02-bbc", "2024-01-02-bbc"],
    // Whole, although another one begins with it.
    ["2024-01-02-bb", "2024-01-02-bb"]
  ] as const)("%s is %s", ([reference, expected]) =>
    inStore((runs) =>
      Effect.gen(function* () {
        yield* create(runs, ...ids.toReversed())
        assert.deepStrictEqual(yield* runs.ids, ids)
        assert.strictEqual(yield* runs.find(reference), expected)
      })
    )
  )

  it.effect.each([
    "last~4",
    "last~5",
    "last~7",
    "last~99999999999999999999",
    "last~-1",
    "last~",
    "lastx",
    "2023",
    "2025-07-01-ccx",
    "../2025-07-01-cc"
  ])("%s is no run, and the message says how to find one", (reference) =>
    inStore((runs) =>
      Effect.gen(function* () {
        yield* create(runs, ...ids)
        const error = yield* Effect.flip(runs.find(reference))
        assert.instanceOf(error, NoSuchRun)
        assert.strictEqual(error.message, `there is no run \`${reference}\``)
        assert.include(error._tag === "NoSuchRun" ? error.hint : "", "the newest is `2025-07-01-cc`")
      })
    )
  )

  it.effect.each([
    ["2024", 3],
    ["2024-01-02", 2],
    ["", 4]
  ] as const)("%j is the beginning of %d runs, and so none", ([reference, count]) =>
    inStore((runs) =>
      Effect.gen(function* () {
        yield* create(runs, ...ids)
        const error = yield* Effect.flip(runs.find(reference))
        assert.instanceOf(error, NoSuchRun)
        assert.include(error.message, `${count} runs begin with`)
      })
    )
  )

  it.effect.each(["last", "last~1", "2024", ""])("%j is none in a store without runs", (reference) =>
    inStore((runs) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* runs.ids, [])
        const error = yield* Effect.flip(runs.find(reference))
        assert.strictEqual(error.message, "this store has no runs yet")
      })
    )
  )

  it.effect("passes over directories that hold no journal", () =>
    inStore((runs, layout) =>
      Effect.gen(function* () {
        yield* create(runs, "a")
        realDisk.makeDirectory(`${layout.runs}/b`)
        writeFileSync(`${layout.runs}/c`, "")
        assert.deepStrictEqual(yield* runs.ids, ["a"])
        assert.strictEqual(yield* runs.find("last"), "a")
      })
    )
  )
})

describe("a pinned run", () => {
  it.effect("stays pinned until it is unpinned, however often it is said", () =>
    inStore((runs) =>
      Effect.gen(function* () {
        yield* create(runs, "a", "b")
        assert.isFalse(yield* runs.isPinned("a"))
        for (const pinned of [true, true, false, false, true]) {
          yield* runs.setPinned("a", pinned)
          assert.strictEqual(yield* runs.isPinned("a"), pinned)
        }
        assert.isFalse(yield* runs.isPinned("b"))
        assert.deepStrictEqual(yield* runs.ids, ["a", "b"])
      })
    )
  )
})
