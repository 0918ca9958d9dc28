import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import fc from "fast-check"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { Leases } from "../../src/artifact/leases.ts"
import type { Event } from "../../src/track/event.ts"
import { encodePlan } from "../../src/track/plan-file.ts"
import { rootsOf } from "../../src/track/roots.ts"
import { RunStore, runLeaseKey } from "../../src/track/run-store.ts"
import { fastDisk } from "../rig/faulty-disk.ts"
import { recordOf, scratchLayout, storeAt } from "../rig/scratch-store.ts"

interface PlannedRun {
  readonly pipeline: number
  readonly pinned: boolean
  readonly alive: boolean
  readonly finished: ReadonlyArray<number>
  readonly cached: ReadonlyArray<number>
}

const numbers = fc.array(fc.nat(6), { maxLength: 3 })
const runsOf: fc.Arbitrary<ReadonlyArray<PlannedRun>> = fc.array(
  fc.record({
    pipeline: fc.nat(1),
    pinned: fc.boolean(),
    alive: fc.boolean(),
    finished: numbers,
    cached: numbers
  }),
  { maxLength: 7 }
)

const keyOf = (number: number): Digest => digestOf(`key ${number}`)
const artifactOf = (number: number): Digest => digestOf(`artifact ${number}`)
const { provenance } = recordOf("", digestOf(""))

const eventsOf = (
  { pipeline, finished, cached }: PlannedRun,
  id: string,
  at: number
): ReadonlyArray<Event> => {
  const made = (number: number) => ({
    at,
    node: `n${number}`,
    key: keyOf(number),
    digest: artifactOf(number),
    seconds: 1,
    metrics: {}
  })
  return [
    {
      _tag: "RunStarted",
      at,
      id,
      pipeline: `p${pipeline}`,
      preset: "demo",
      params: {},
      nodes: 1,
      store: "",
      provenance
    },
    ...finished.map(
      (number): Event => ({ _tag: "NodeFinished", ...made(number), bytes: 1, unchanged: false })
    ),
    ...cached.map((number): Event => ({ _tag: "NodeCached", ...made(number) })),
    { _tag: "NodeFailed", at, node: "x", failure: { tag: "T", message: "" }, seconds: 1, retry: false }
  ]
}

const planOf = (pipeline: number) =>
  encodePlan({
    pipeline: `p${pipeline}`,
    description: "",
    preset: "demo",
    params: {},
    stages: [{ name: `stage ${pipeline}`, kind: "Table", code: "", modules: {}, packages: {} }],
    nodes: []
  })

const idOf = (index: number) => `run-${String(index).padStart(3, "0")}`
const startOf = (index: number) => 10_000_000 + index

/** Writes the runs, and holds the leases of those that are alive. */
const write = (layout: StoreLayout, planned: ReadonlyArray<PlannedRun>) =>
  Effect.gen(function* () {
    const runs = yield* RunStore
    const leases = yield* Leases
    fastDisk.makeDirectory(`${layout.root}/plans`)
    for (const [index, run] of planned.entries()) {
      const plan = planOf(run.pipeline)
      const digest = digestOf(plan)
      if (!fastDisk.exists(layout.plan(digest))) fastDisk.createWhole(layout.plan(digest), Buffer.from(plan))
      const journal = yield* runs.create(idOf(index), digest)
      journal.append(eventsOf(run, idOf(index), startOf(index)))
      if (run.pinned) yield* runs.setPinned(idOf(index), true)
      if (run.alive) yield* leases.acquire(runLeaseKey(idOf(index)), "run")
    }
  })

const hour = 3_600_000
const now = 20_000_000

describe("the roots of garbage collection", () => {
  it.effect(
    "are the newest runs of each pipeline, the pinned and the living, and what they made or found",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(runsOf, fc.nat(3), (planned, keepRuns) =>
            Effect.gen(function* () {
              const layout = yield* scratchLayout
              yield* Effect.gen(function* () {
                yield* write(layout, planned)
                const { roots, kept } = yield* rootsOf(keepRuns, now)

                const indices = [...planned.keys()].filter((index) => {
                  const run = planned[index]
                  const newer = planned
                    .slice(index + 1)
                    .filter(({ pipeline }) => pipeline === run?.pipeline).length
                  return run?.pinned === true || run?.alive === true || newer < keepRuns
                })
                assert.sameMembers([...kept], indices.map(idOf))
                const numbers = planned.flatMap(({ finished, cached }, index) =>
                  indices.includes(index) ? [...finished, ...cached] : []
                )
                assert.deepStrictEqual([...roots.keys].sort(), [...new Set(numbers.map(keyOf))].sort())
                assert.deepStrictEqual(
                  [...roots.artifacts].sort(),
                  [...new Set(numbers.map(artifactOf))].sort()
                )

                const living = [...planned.entries()].filter(([, { alive }]) => alive)
                assert.deepStrictEqual(
                  [...roots.stages].sort(),
                  [...new Set(living.map(([, { pipeline }]) => `stage ${pipeline}`))].sort()
                )
                const oldest = living[0]?.[0]
                assert.strictEqual(roots.youngerThan, oldest === undefined ? now : startOf(oldest) - hour)
              }).pipe(Effect.provide(storeAt(layout, fastDisk)))
            }).pipe(Effect.scoped, Effect.runPromise)
          ),
          { numRuns: 50 }
        )
      )
  )

  it.effect("no longer hold a run that has ended", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const run = { pipeline: 0, pinned: false, alive: true, finished: [1], cached: [] }
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* Scope.provide(write(layout, [run]), scope)
        assert.deepStrictEqual((yield* rootsOf(0, now)).kept, [idOf(0)])
        yield* Scope.close(scope, Exit.void)
        const { roots, kept } = yield* rootsOf(0, now)
        assert.deepStrictEqual(kept, [])
        assert.strictEqual(roots.keys.size, 0)
        assert.strictEqual(roots.youngerThan, now)
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )

  it.effect("hold what a run has that a living one goes on from, and tell uses from the last one on", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        yield* write(layout, [{ pipeline: 0, pinned: false, alive: false, finished: [1, 2], cached: [] }])
        const runs = yield* RunStore
        const plan = planOf(0)
        const journal = yield* runs.create("run-001", digestOf(plan))
        const [begun] = eventsOf(
          { pipeline: 0, finished: [], cached: [], pinned: false, alive: true },
          "run-001",
          1
        )
        if (begun?._tag !== "RunStarted") return assert.fail("a run begins with its start")
        journal.append([{ ...begun, continues: { run: idOf(0), first: idOf(0) } }])
        const before = yield* rootsOf(0, now)
        assert.deepStrictEqual(before.kept, [])
        assert.deepStrictEqual((yield* rootsOf(1, now)).kept, ["run-001"])
        yield* (yield* Leases).acquire(runLeaseKey("run-001"), "run")
        const { roots, droppable } = yield* rootsOf(0, now)
        assert.deepStrictEqual([...roots.keys].sort(), [keyOf(1), keyOf(2)].sort())
        assert.deepStrictEqual(droppable.neededKeys, roots.keys)
        assert.deepStrictEqual(
          droppable.uses.map(({ key }) => key),
          [keyOf(1), keyOf(2)]
        )
      }).pipe(Effect.scoped, Effect.provide(storeAt(layout)))
    })
  )

  it.effect("hold every blob while a run is alive that has not yet said when it began", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const runs = yield* RunStore
        const plan = planOf(0)
        fastDisk.makeDirectory(`${layout.root}/plans`)
        fastDisk.createWhole(layout.plan(digestOf(plan)), Buffer.from(plan))
        yield* runs.create("new", digestOf(plan))
        yield* (yield* Leases).acquire(runLeaseKey("new"), "run")
        assert.isAtMost((yield* rootsOf(0, now)).roots.youngerThan, 0)
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )

  it.effect("are none in a store without runs", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const { roots, kept } = yield* rootsOf(10, now).pipe(Effect.provide(storeAt(layout)))
      assert.deepStrictEqual(kept, [])
      assert.deepStrictEqual(roots, {
        keys: new Set<Digest>(),
        artifacts: new Set<Digest>(),
        stages: new Set<string>(),
        youngerThan: now
      })
    })
  )
})
