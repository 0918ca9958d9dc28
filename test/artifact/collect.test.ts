/** Law 10: garbage collection takes what nobody needs, all of it, and nothing else. */
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { Actions } from "../../src/artifact/actions.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Blobs } from "../../src/artifact/blobs.ts"
import { collect, type Roots } from "../../src/artifact/collect.ts"
import { type Digest, digestOf, isDigest } from "../../src/artifact/digest.ts"
import type { DiskShape } from "../../src/artifact/disk.ts"
import { Kind } from "../../src/artifact/index.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import { fastDisk, makeFaultyDisk } from "../rig/faulty-disk.ts"
import { recordOf, scratchDirectory, scratchLayout, storeAt } from "../rig/scratch-store.ts"

/** An artifact of a random store: a few contents that others may share, and earlier artifacts as parts. */
interface Planned {
  readonly files: ReadonlyArray<number>
  readonly parts: ReadonlyArray<number>
  /** The stage of its record; without one it has none. */
  readonly stage: number | null
  /** Whether a second key has the same output. */
  readonly twice: boolean
}

interface World {
  readonly artifacts: ReadonlyArray<Planned>
  readonly loose: ReadonlyArray<number>
  readonly keys: ReadonlyArray<number>
  readonly kept: ReadonlyArray<number>
  readonly stages: ReadonlyArray<number>
}

const worlds: fc.Arbitrary<World> = fc.record({
  artifacts: fc.array(
    fc.record({
      files: fc.array(fc.nat(8), { maxLength: 3 }),
      parts: fc.array(fc.nat(), { maxLength: 2 }),
      stage: fc.option(fc.nat(3)),
      twice: fc.boolean()
    }),
    { minLength: 1, maxLength: 8 }
  ),
  loose: fc.array(fc.integer({ min: 6, max: 12 }), { maxLength: 3 }),
  keys: fc.array(fc.nat(), { maxLength: 3 }),
  kept: fc.array(fc.nat(), { maxLength: 2 }),
  stages: fc.array(fc.nat(3), { maxLength: 2 })
})

const Files = Kind.make<
  "Files",
  { readonly files: ReadonlyArray<number>; readonly parts: ReadonlyArray<Digest> }
>({
  name: "Files",
  version: 1,
  encode: ({ files, parts }, writer) =>
    Effect.gen(function* () {
      for (const [index, content] of files.entries())
        yield* writer.bytes(`f${index}`, Buffer.from(`content ${content}`))
      for (const part of parts) yield* writer.part(part)
    }),
  decode: () => Effect.succeed({ files: [], parts: [] })
})

/** What must be left, worked out without looking at the store. */
interface Expected {
  readonly roots: Roots
  readonly records: ReadonlySet<Digest>
  readonly artifacts: ReadonlySet<Digest>
  readonly blobs: ReadonlySet<Digest>
}

const always = Number.MAX_SAFE_INTEGER

const build = (world: World) =>
  Effect.gen(function* () {
    const artifacts = yield* Artifacts
    const actions = yield* Actions
    const blobs = yield* Blobs
    const made: Array<Digest> = []
    const closures: Array<ReadonlySet<Digest>> = []
    const records: Array<{ readonly key: Digest; readonly stage: string; readonly output: number }> = []
    for (const [index, { files, parts, stage, twice }] of world.artifacts.entries()) {
      const indices = index === 0 ? [] : parts.map((part) => part % index)
      const digest = yield* artifacts.write(Files, {
        files,
        parts: indices.flatMap((part) => made[part] ?? [])
      })
      made.push(digest)
      closures.push(
        new Set([
          digest,
          ...files.map((content) => digestOf(`content ${content}`)),
          ...indices.flatMap((part) => [...(closures[part] ?? [])])
        ])
      )
      if (stage === null) continue
      for (const name of twice ? [`key ${index}`, `again ${index}`] : [`key ${index}`]) {
        const record = recordOf(name, digest, `stage ${stage}`)
        yield* actions.publish(record)
        records.push({ key: record.key, stage: record.stage, output: index })
      }
    }
    for (const content of world.loose) yield* blobs.put(Buffer.from(`content ${content}`))

    const pick = <T>(from: ReadonlyArray<T>, numbers: ReadonlyArray<number>): ReadonlyArray<T> =>
      numbers.flatMap((number) => (from.length === 0 ? [] : (from.slice(number % from.length)[0] ?? [])))
    const keptIndices = pick([...made.keys()], world.kept)
    const roots: Roots = {
      keys: new Set(pick(records, world.keys).map(({ key }) => key)),
      artifacts: new Set(keptIndices.flatMap((index) => made[index] ?? [])),
      stages: new Set(world.stages.map((stage) => `stage ${stage}`)),
      youngerThan: always
    }
    const kept = records.filter(({ key, stage }) => roots.keys.has(key) || roots.stages.has(stage))
    const needed = [...keptIndices, ...kept.map(({ output }) => output)]
    return {
      roots,
      records: new Set(kept.map(({ key }) => key)),
      artifacts: new Set(needed.flatMap((index) => made[index] ?? [])),
      blobs: new Set(needed.flatMap((index) => [...(closures[index] ?? [])]))
    } satisfies Expected
  })

const blobsIn = ({ cas }: StoreLayout): ReadonlyArray<string> =>
  fastDisk.list(cas).flatMap((prefix) => fastDisk.list(`${cas}/${prefix}`).map((rest) => prefix + rest))

const recordsIn = (layout: StoreLayout) =>
  Effect.flatMap(Actions, ({ keys }) => keys).pipe(Effect.provide(storeAt(layout, fastDisk)))

const collected = (layout: StoreLayout, roots: Roots, dryRun = false, disk: DiskShape = fastDisk) =>
  collect(roots, dryRun).pipe(Effect.provide(storeAt(layout, disk)))

/** Everything that is needed is whole, as a new process sees it. */
const checkNeeded = (layout: StoreLayout, { artifacts, records }: Expected) =>
  Effect.gen(function* () {
    const store = yield* Artifacts
    const actions = yield* Actions
    for (const digest of artifacts) yield* store.check(digest)
    for (const key of records) assert.strictEqual((yield* actions.lookup(key))._tag, "Found")
    // No record outlives what it vouches for.
    for (const key of yield* actions.keys) {
      const found = yield* actions.lookup(key)
      if (found._tag === "Found") yield* store.check(found.record.output)
    }
  }).pipe(Effect.provide(storeAt(layout, fastDisk)))

const property = (
  numRuns: number,
  holds: (layout: StoreLayout, world: World) => Effect.Effect<void, unknown>
) =>
  Effect.gen(function* () {
    const root = yield* scratchDirectory
    let stores = 0
    yield* Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(worlds, async (world) => {
          const layout = storeLayout(join(root, String(stores++)))
          await Effect.runPromise(holds(layout, world))
          rmSync(layout.root, { recursive: true, force: true })
        }),
        { numRuns }
      )
    )
  })

describe("garbage collection", () => {
  it.effect("leaves exactly what the roots need, and the second one finds nothing more to take", () =>
    property(60, (layout, world) =>
      Effect.gen(function* () {
        const expected = yield* build(world).pipe(Effect.provide(storeAt(layout, fastDisk)))
        const before = { blobs: blobsIn(layout), records: yield* recordsIn(layout) }

        const told = yield* collected(layout, expected.roots, true)
        assert.deepStrictEqual(blobsIn(layout), before.blobs, "a dry run only counts")
        assert.deepStrictEqual(yield* recordsIn(layout), before.records)

        const done = yield* collected(layout, expected.roots)
        assert.deepStrictEqual(done, told)
        assert.sameMembers([...blobsIn(layout)], [...expected.blobs])
        assert.sameMembers([...(yield* recordsIn(layout))], [...expected.records])
        assert.strictEqual(done.keptBlobs, expected.blobs.size)
        assert.strictEqual(done.keptActions, expected.records.size)
        assert.strictEqual(done.blobs, before.blobs.length - expected.blobs.size)
        assert.strictEqual(done.actions, before.records.length - expected.records.size)
        yield* checkNeeded(layout, expected)

        const again = yield* collected(layout, expected.roots)
        assert.deepStrictEqual([again.blobs, again.actions, again.freed], [0, 0, 0])
      })
    )
  )

  it.effect(
    "that ends at any removal leaves every remaining record's artifact whole, and can be finished",
    () =>
      property(25, (layout, world) =>
        Effect.gen(function* () {
          const expected = yield* build(world).pipe(Effect.provide(storeAt(layout, fastDisk)))
          for (let removals = 0; ; removals++) {
            let left = removals
            const { disk } = makeFaultyDisk((_, { operation, path }) => {
              const removes = operation === "remove" || operation === "removeTree"
              if (!removes || path.startsWith(layout.scratch) || left-- > 0) return undefined
              // It is killed right after every other one.
              return { code: "EIO", done: removals % 2 === 0 ? "nothing" : "all" }
            }, fastDisk)
            const exit = yield* Effect.exit(collected(layout, expected.roots, false, disk))
            yield* checkNeeded(layout, expected)
            if (exit._tag === "Success") break
          }
          assert.sameMembers([...blobsIn(layout)], [...expected.blobs])
          assert.sameMembers([...(yield* recordsIn(layout))], [...expected.records])
        })
      )
  )

  it.effect("keeps a part whose manifest is also a file of another artifact", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const artifacts = yield* Artifacts
        const blobs = yield* Blobs
        const part = yield* artifacts.write(Files, { files: [1], parts: [] })
        const manifest = yield* blobs.get(part)
        const Copy = Kind.make<"Copy", null>({
          name: "Copy",
          version: 1,
          encode: (_, writer) => Effect.andThen(writer.bytes("copy", manifest), writer.part(part)),
          decode: () => Effect.succeed(null)
        })
        const outer = yield* artifacts.write(Copy, null)
        yield* collect(
          { keys: new Set(), artifacts: new Set([outer]), stages: new Set(), youngerThan: always },
          false
        )
        yield* artifacts.check(outer)
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )

  it.effect(
    "keeps what is left of a damaged artifact for `verify` to name, and takes a directory among blobs",
    () =>
      Effect.gen(function* () {
        const layout = yield* scratchLayout
        yield* Effect.gen(function* () {
          const artifacts = yield* Artifacts
          const digest = yield* artifacts.write(Files, { files: [1], parts: [] })
          rmSync(layout.blob(digest))
          writeFileSync(layout.blob(digest), "damaged")
          const stray = layout.blob(digestOf("stray"))
          mkdirSync(join(stray, "inside"), { recursive: true })
          yield* collect(
            { keys: new Set(), artifacts: new Set([digest]), stages: new Set(), youngerThan: always },
            false
          )
          assert.isTrue(existsSync(layout.blob(digest)))
          assert.isFalse(existsSync(stray))
        }).pipe(Effect.provide(storeAt(layout)))
      })
  )

  it.effect("takes a record that cannot be read, and the blobs that only it might have named", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { key, output } = recordOf("key", (yield* (yield* Blobs).put(Buffer.from("x"))).digest)
        const actions = yield* Actions
        yield* actions.publish(recordOf("key", output))
        writeFileSync(layout.action(key), "torn")
        const roots = {
          keys: new Set([key]),
          artifacts: new Set<Digest>(),
          stages: new Set<string>(),
          youngerThan: always
        }
        yield* collect(roots, false)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Absent" })
        assert.deepStrictEqual(blobsIn(layout), [])
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )

  const nothing = (youngerThan: number): Roots => ({
    keys: new Set(),
    artifacts: new Set(),
    stages: new Set(),
    youngerThan
  })

  // File times have the grain of the kernel's clock; a tenth of a second is well beyond it.
  it.live("leaves young blobs and young scratch files, and takes the old ones", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const blobs = yield* Blobs
        yield* blobs.put(Buffer.from("old"))
        writeFileSync(join(layout.scratch, "old"), "half")
        const twoHoursAgo = Date.now() / 1000 - 7200
        utimesSync(join(layout.scratch, "old"), twoHoursAgo, twoHoursAgo)
        // Who is no run may still be writing it.
        writeFileSync(join(layout.scratch, "young"), "half")
        yield* Effect.sleep("100 millis")
        const now = Date.now()
        yield* Effect.sleep("100 millis")
        const young = yield* blobs.put(Buffer.from("young"))
        yield* collect(nothing(now), false)
        assert.deepStrictEqual(blobsIn(layout), [young.digest])
        assert.deepStrictEqual(fastDisk.list(layout.scratch), ["young"])
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )

  it.live("leaves an old blob that somebody has just written again", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { digest } = yield* (yield* Blobs).put(Buffer.from("old"))
        yield* Effect.sleep("100 millis")
        const now = Date.now()
        yield* Effect.sleep("100 millis")
        yield* Effect.flatMap(Blobs, (other) => other.put(Buffer.from("old"))).pipe(
          Effect.provide(storeAt(layout))
        )
        yield* collect(nothing(now), false)
        assert.deepStrictEqual(blobsIn(layout).filter(isDigest), [digest])
      }).pipe(Effect.provide(storeAt(layout)))
    })
  )
})
