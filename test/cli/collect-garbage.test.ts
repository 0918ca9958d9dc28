/** What a garbage collection takes and leaves: by number of runs, by size, by pins, and by what a server still lacks. */
import { readdirSync, statSync } from "node:fs"
import { join, relative } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { asDigest } from "../../src/artifact/digest.ts"
import { verify } from "../../src/artifact/verify.ts"
import { type Collection, collectGarbage } from "../../src/cli/collect-garbage.ts"
import { collectionLeaseKey } from "../../src/schedule/live-run.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { newCursor, writeCursor } from "../../src/track/upload/cursor.ts"
import { fastDisk } from "../rig/faulty-disk.ts"
import { InlineLab } from "../rig/inline-lab.ts"
import { workersLayer } from "../rig/lab.ts"
import { storeAt } from "../rig/scratch-store.ts"

interface MadeRun {
  readonly id: string
  readonly digests: { readonly [node: string]: string }
}

/** A store after so many runs, each of which made other bytes of everything, the oldest first. */
const afterRuns = <E, R>(
  count: number,
  use: (lab: InlineLab, runs: ReadonlyArray<MadeRun>) => Effect.Effect<void, E, R>
) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new InlineLab()),
    (lab) =>
      Effect.gen(function* () {
        lab.startStore()
        const runs: Array<MadeRun> = []
        for (lab.variant = 0; lab.variant < count; lab.variant++) {
          const { digests } = yield* lab.run(fastDisk, () => {}, lab.variant === 0 ? [] : ["images"])
          runs.push({ id: fastDisk.list(lab.layout.runs).at(-1) ?? "", digests })
        }
        lab.endProcess()
        yield* use(lab, runs)
        const { damage } = yield* inStore(
          lab,
          verify(false, () => {})
        )
        assert.deepStrictEqual(damage, [])
      }),
    (lab) => Effect.sync(() => lab.remove())
  )

const inStore = <A, E>(lab: InlineLab, use: Effect.Effect<A, E, Services>) =>
  Effect.provide(use, storeAt(lab.layout, fastDisk))
type Services = Artifacts | RunStore | Effect.Services<ReturnType<typeof collectGarbage | typeof verify>>

const collected = (lab: InlineLab, asked: Partial<Collection>) =>
  inStore(
    lab,
    // Two hours later: what a command might still be about to use is old by then.
    collectGarbage({
      keepRuns: 100,
      maxBytes: undefined,
      dryRun: false,
      now: Date.now() + 7_200_000,
      ...asked
    })
  )

/** The runs all of whose artifacts are there, by their numbers. */
const wholeRuns = (lab: InlineLab, runs: ReadonlyArray<MadeRun>) =>
  inStore(
    lab,
    Effect.gen(function* () {
      const { check } = yield* Artifacts
      const whole: Array<number> = []
      for (const [index, { digests }] of runs.entries()) {
        const all = Effect.forEach(Object.values(digests), (digest) => check(asDigest(digest)))
        if (yield* Effect.match(all, { onSuccess: () => true, onFailure: () => false })) whole.push(index)
      }
      return whole
    })
  )

const filesOf = (lab: InlineLab, ...places: ReadonlyArray<string>): ReadonlyMap<string, number> =>
  new Map(
    places.flatMap((place) =>
      readdirSync(join(lab.store, place), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path): [string, number] => [relative(lab.store, path), statSync(path).size])
    )
  )
const sizeOf = (lab: InlineLab): number =>
  [...filesOf(lab, "cas", "checkpoints").values()].reduce((a, b) => a + b, 0)

layer(workersLayer, { excludeTestServices: true, timeout: "2 minutes" })("a garbage collection", (it) => {
  it.effect(
    "by number keeps the newest runs and pinned ones, with all that they have, and no other run",
    () =>
      afterRuns(4, (lab, runs) =>
        Effect.gen(function* () {
          yield* inStore(
            lab,
            Effect.flatMap(RunStore, (store) => store.setPinned(runs[0]?.id ?? "", true))
          )
          const before = filesOf(lab, ".")
          const counted = yield* collected(lab, { keepRuns: 1, dryRun: true })
          assert.deepStrictEqual(filesOf(lab, "."), before)
          const result = yield* collected(lab, { keepRuns: 1 })
          assert.deepStrictEqual([counted.runs, counted.freed], [2, result.freed])
          assert.strictEqual(result.runs, 2)
          assert.deepStrictEqual(fastDisk.list(lab.layout.runs), [runs[0]?.id ?? "", runs[3]?.id ?? ""])
          assert.deepStrictEqual(yield* wholeRuns(lab, runs), [0, 3])
          const again = yield* collected(lab, { keepRuns: 1 })
          assert.deepStrictEqual([again.runs, again.freed, again.memories], [0, 0, 0])
          // What is kept is a cache that works: nothing runs again, and no pipeline is built.
          lab.variant = 3
          assert.deepStrictEqual((yield* lab.run()).ran, [])
        })
      )
  )

  it.effect("takes plans, code and memories that no kept run stands for, once they are old", () =>
    afterRuns(1, (lab) =>
      Effect.gen(function* () {
        const speed = ["plans", "code", "memos"]
        const before = filesOf(lab, ...speed)
        assert.isAbove(before.size, 3)
        // Somebody may have read them a moment ago, and be about to start.
        yield* collected(lab, { keepRuns: 0, now: Date.now() })
        assert.deepStrictEqual(filesOf(lab, ...speed), before)
        const { memories } = yield* collected(lab, { keepRuns: 0 })
        assert.strictEqual(memories, before.size)
        assert.deepStrictEqual([...filesOf(lab, ...speed, "runs", "actions", "cas").keys()], [])
      })
    )
  )

  it.effect("keeps an old run that a tracking server does not have whole, until it has", () =>
    afterRuns(2, (lab, runs) =>
      Effect.gen(function* () {
        const old = runs[0]?.id ?? ""
        const cursor = newCursor({ server: "http://localhost", wanted: "e" })
        writeCursor(fastDisk, lab.layout, old, cursor)
        const first = yield* collected(lab, { keepRuns: 1 })
        assert.deepStrictEqual([first.runs, first.unsentRuns], [0, 1])
        assert.include(fastDisk.list(lab.layout.runs), old)
        // What is to be sent is more than the journal.
        assert.deepStrictEqual(yield* wholeRuns(lab, runs), [0, 1])
        yield* collected(lab, { keepRuns: 1, maxBytes: 0 })
        assert.include(yield* wholeRuns(lab, runs), 0)
        writeCursor(fastDisk, lab.layout, old, { ...cursor, complete: true })
        const second = yield* collected(lab, { keepRuns: 1 })
        assert.deepStrictEqual([second.runs, second.unsentRuns], [1, 0])
        assert.notInclude(fastDisk.list(lab.layout.runs), old)
      })
    )
  )

  it.effect("waits out another one that died elsewhere", () =>
    afterRuns(1, (lab) =>
      Effect.gen(function* () {
        fastDisk.makeDirectory(lab.layout.leases)
        const file = {
          owner: "o",
          host: "h",
          place: "p",
          pid: 1,
          started: "",
          patience: 300,
          purpose: "p",
          beat: 0
        }
        fastDisk.createWhole(
          `${lab.layout.leases}/${collectionLeaseKey}.1`,
          Buffer.from(JSON.stringify(file))
        )
        // And a name that is no lease's disturbs nobody.
        fastDisk.createWhole(`${lab.layout.leases}/${collectionLeaseKey}.1~`, Buffer.from(""))
        assert.strictEqual((yield* collected(lab, { keepRuns: 1 })).runs, 0)
      })
    )
  )

  it.effect(
    "by size takes nothing while there is room, then what was used longest ago, never what is pinned",
    () =>
      afterRuns(4, (lab, runs) =>
        Effect.gen(function* () {
          yield* inStore(
            lab,
            Effect.flatMap(RunStore, (store) => store.setPinned(runs[1]?.id ?? "", true))
          )
          yield* collected(lab, {})
          const all = sizeOf(lab)
          const enough = yield* collected(lab, { maxBytes: all })
          assert.deepStrictEqual([enough.bytes, enough.freed], [all, 0])
          assert.deepStrictEqual(yield* wholeRuns(lab, runs), [0, 1, 2, 3])

          const less = yield* collected(lab, { maxBytes: all - 1 })
          assert.isAtMost(sizeOf(lab), all - 1)
          assert.strictEqual(less.bytes, sizeOf(lab))
          assert.deepStrictEqual(yield* wholeRuns(lab, runs), [1, 2, 3])

          const half = yield* collected(lab, { maxBytes: Math.floor(all / 2) })
          assert.strictEqual(half.bytes, sizeOf(lab))
          assert.isAtMost(sizeOf(lab), all / 2)
          assert.includeMembers([...(yield* wholeRuns(lab, runs))], [1])

          // What is pinned needs more than that: all else goes, and the command can say so.
          const none = yield* collected(lab, { maxBytes: 0 })
          assert.strictEqual(none.bytes, sizeOf(lab))
          assert.isAbove(sizeOf(lab), 0)
          assert.include(yield* wholeRuns(lab, runs), 1)
          // Their journals stay, and can be looked at.
          assert.lengthOf(fastDisk.list(lab.layout.runs), 4)
        })
      )
  )
})
