import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import fc from "fast-check"
import { Blobs, type BlobsShape } from "../../src/artifact/blobs.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { DiskShape } from "../../src/artifact/disk.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { BlobCorrupt, BlobMissing } from "../../src/artifact/store-error.ts"
import { countingDisk, realDisk } from "../rig/faulty-disk.ts"
import { leftovers, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const inStore = <A, E>(
  use: (blobs: BlobsShape, layout: StoreLayout) => Effect.Effect<A, E>,
  disk: DiskShape = realDisk
): Effect.Effect<A, unknown> =>
  Effect.scoped(
    Effect.flatMap(scratchLayout, (layout) =>
      Effect.flatMap(Blobs, (blobs) => use(blobs, layout)).pipe(Effect.provide(storeAt(layout, disk)))
    )
  )

/** The services as a process sees them that has verified nothing yet. */
const asNewProcess = <A, E>(
  layout: StoreLayout,
  use: (blobs: BlobsShape) => Effect.Effect<A, E>,
  disk = realDisk
) => Effect.flatMap(Blobs, use).pipe(Effect.provide(storeAt(layout, disk)))

const overwrite = (path: string, bytes: Uint8Array | string) => {
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
}

const content = Buffer.from("some content of a blob")

/** Every way of getting at a blob's bytes. */
const readings = (blobs: BlobsShape, digest: Digest): ReadonlyArray<Effect.Effect<unknown, unknown>> => [
  blobs.get(digest),
  Effect.flatMap(blobs.open(digest), (reader) => reader.read(0, 4)),
  blobs.check(digest),
  blobs.verify(digest)
]

const tagOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "_tag" in error ? error._tag : error

describe("writing a blob", () => {
  it.effect("gives the same bytes the same name, whatever chunks they come in", () =>
    inStore((blobs, layout) =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
            fc.boolean(),
            async (chunks, first) => {
              const bytes = Buffer.concat(chunks)
              const whole = blobs.put(bytes)
              const streamed = blobs.putStream(
                Stream.fromIterable(chunks.map((chunk) => Uint8Array.from(chunk)))
              )
              const [a, b] = await Effect.runPromise(
                Effect.all(first ? [whole, streamed] : [streamed, whole])
              )
              assert.deepStrictEqual(a, { digest: digestOf(bytes), size: bytes.length })
              assert.deepStrictEqual(b, a)
              assert.deepStrictEqual(readFileSync(layout.blob(a.digest)), bytes)
              assert.deepStrictEqual(Buffer.from(await Effect.runPromise(blobs.get(a.digest))), bytes)
            }
          ),
          { numRuns: 40 }
        )
      )
    )
  )

  it.effect("leaves a file that nobody may write", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const put = yield* blobs.put(content)
        const streamed = yield* blobs.putStream(Stream.make(Buffer.from("other")))
        for (const { digest } of [put, streamed])
          assert.strictEqual(statSync(layout.blob(digest)).mode & 0o777, 0o444)
      })
    )
  )

  it.effect("leaves nothing else behind", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        yield* blobs.put(content)
        yield* blobs.put(content)
        yield* blobs.putStream(Stream.make(content))
        assert.deepStrictEqual(leftovers(layout), [])
      })
    )
  )

  it.effect("leaves nothing behind when the stream fails, dies or is interrupted halfway", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const start = Stream.make(new Uint8Array(1 << 20), new Uint8Array(10))
        const failed = yield* Effect.flip(blobs.putStream(Stream.concat(start, Stream.fail("no more"))))
        assert.strictEqual(failed, "no more")
        const died = yield* Effect.exit(blobs.putStream(Stream.concat(start, Stream.die("a mistake"))))
        assert.strictEqual(died._tag, "Failure")

        const reached = yield* Deferred.make<void>()
        const stuck = Stream.fromEffect(Effect.andThen(Deferred.succeed(reached, undefined), Effect.never))
        const fiber = yield* Effect.forkChild(blobs.putStream(Stream.concat(start, stuck)))
        yield* Deferred.await(reached)
        assert.lengthOf(leftovers(layout), 1)
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual(leftovers(layout), [])
        assert.isFalse(existsSync(layout.cas))
      })
    )
  )

  it.effect.each([
    ["put", (blobs: BlobsShape) => blobs.put(content)],
    ["putStream", (blobs: BlobsShape) => blobs.putStream(Stream.make(content))]
  ] as const)(
    "with %s heals a blob that was changed, shortened, emptied, lost or replaced by a link",
    ([, write]) =>
      inStore((blobs, layout) =>
        Effect.gen(function* () {
          const { digest } = yield* blobs.put(content)
          const path = layout.blob(digest)
          const breakIt: ReadonlyArray<() => void> = [
            () => overwrite(path, "some content of a bloc"),
            () => overwrite(path, "some"),
            () => overwrite(path, ""),
            () => rmSync(path),
            () => {
              writeFileSync(join(layout.root, "elsewhere"), content)
              rmSync(path)
              symlinkSync(join(layout.root, "elsewhere"), path)
            }
          ]
          for (const damage of breakIt) {
            damage()
            const entry = yield* asNewProcess(layout, write)
            assert.deepStrictEqual(entry, { digest, size: content.length })
            assert.isTrue(lstatSync(path).isFile())
            assert.deepStrictEqual(readFileSync(path), content)
            assert.strictEqual(statSync(path).mode & 0o777, 0o444)
          }
        })
      )
  )

  it.effect("does not follow a link that stands in its place", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const digest = digestOf(content)
        const victim = join(dirname(layout.root), "victim")
        writeFileSync(victim, "precious")
        mkdirSync(dirname(layout.blob(digest)), { recursive: true })
        symlinkSync(victim, layout.blob(digest))
        yield* blobs.put(content)
        assert.strictEqual(readFileSync(victim, "utf8"), "precious")
        assert.strictEqual(statSync(victim).mode & 0o777, 0o644)
      })
    )
  )

  it.effect("of eight writers of one blob all succeed, and one blob is there", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const streamed = blobs.putStream(Stream.make(content.subarray(0, 5), content.subarray(5)))
        const writers = Array.from({ length: 8 }, (_, i) =>
          asNewProcess(layout, (other) => (i % 2 === 0 ? other.put(content) : streamed))
        )
        const entries = yield* Effect.all(writers, { concurrency: "unbounded" })
        assert.strictEqual(new Set(entries.map(({ digest }) => digest)).size, 1)
        yield* blobs.verify(digestOf(content))
        assert.deepStrictEqual(leftovers(layout), [])
      })
    )
  )
})

describe("reading a blob", () => {
  it.effect("fails where there is none", () =>
    inStore((blobs) =>
      Effect.gen(function* () {
        for (const reading of readings(blobs, digestOf("nothing")))
          assert.instanceOf(yield* Effect.flip(reading), BlobMissing)
      })
    )
  )

  const damages: ReadonlyArray<readonly [string, (path: string) => void, "BlobCorrupt" | "BlobMissing"]> = [
    ["with one bit flipped", (path) => overwrite(path, "some content of a bloc"), "BlobCorrupt"],
    ["cut short", (path) => overwrite(path, "some content"), "BlobCorrupt"],
    ["emptied", (path) => overwrite(path, ""), "BlobCorrupt"],
    ["grown", (path) => overwrite(path, `${content}x`), "BlobCorrupt"],
    [
      "that is a link to the very bytes outside of the store",
      (path) => {
        renameSync(path, `${path}.moved`)
        symlinkSync(`${path}.moved`, path)
      },
      "BlobMissing"
    ],
    [
      "that is a directory",
      (path) => {
        rmSync(path)
        mkdirSync(path)
      },
      "BlobMissing"
    ]
  ]

  it.effect.each(damages)("never serves one %s", ([, damage, tag]) =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const { digest } = yield* blobs.put(content)
        // Known to be good before the damage, which must not count.
        yield* blobs.check(digest)
        damage(layout.blob(digest))
        for (const reading of readings(blobs, digest))
          assert.strictEqual(tagOf(yield* Effect.flip(reading)), tag)
        yield* asNewProcess(layout, (other) =>
          Effect.gen(function* () {
            for (const reading of readings(other, digest))
              assert.strictEqual(tagOf(yield* Effect.flip(reading)), tag)
          })
        )
      })
    )
  )

  it.effect("gives any part of it, and an error beyond its end", () =>
    inStore((blobs) =>
      Effect.gen(function* () {
        const { digest } = yield* blobs.put(content)
        const reader = yield* blobs.open(digest)
        assert.strictEqual(reader.size, content.length)
        for (const [at, length] of [
          [0, 0],
          [0, 22],
          [5, 7],
          [21, 1],
          [22, 0]
        ] as const) {
          assert.deepStrictEqual(
            Buffer.from(yield* reader.read(at, length)),
            content.subarray(at, at + length)
          )
        }
        for (const [at, length] of [
          [0, 23],
          [22, 1],
          [5, 2 ** 50],
          [2 ** 50, 1]
        ] as const) {
          assert.instanceOf(yield* Effect.flip(reader.read(at, length)), BlobCorrupt)
        }
      })
    )
  )

  /** How often the blob's bytes were hashed. */
  const hashings = (log: ReadonlyArray<{ readonly operation: string }>) =>
    log.filter(({ operation }) => operation === "openRead").length

  it.effect("hashes it once, and again only after its stamp changed", () => {
    const { disk, log } = countingDisk()
    return inStore(
      (blobs, layout) =>
        Effect.gen(function* () {
          const { digest } = yield* blobs.put(content)
          yield* blobs.check(digest)
          assert.strictEqual(hashings(log), 0, "what was just written is known")
          yield* asNewProcess(
            layout,
            (other) =>
              Effect.gen(function* () {
                const stamp = yield* other.check(digest)
                assert.strictEqual(hashings(log), 1)
                assert.strictEqual(yield* other.check(digest), stamp)
                assert.isTrue(other.unchanged(digest, stamp))
                assert.strictEqual(hashings(log), 1, "a stamp that is known is believed")
                utimesSync(layout.blob(digest), 1, 1)
                assert.isFalse(other.unchanged(digest, stamp))
                const later = yield* other.check(digest)
                assert.strictEqual(hashings(log), 2, "a stamp that changed is not")
                assert.notStrictEqual(later, stamp)
                yield* other.verify(digest)
                assert.strictEqual(hashings(log), 3, "verifying believes nothing")
              }),
            disk
          )
        }),
      disk
    )
  })

  it.effect("believes a stamp of an earlier process, and no other", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const { digest } = yield* blobs.put(content)
        const stamp = yield* blobs.check(digest)
        const { disk, log } = countingDisk()
        yield* asNewProcess(
          layout,
          (other) => {
            other.trust(digest, stamp)
            return other.check(digest)
          },
          disk
        )
        assert.strictEqual(hashings(log), 0)
        yield* asNewProcess(
          layout,
          (other) => {
            other.trust(digest, `${stamp}0`)
            return other.check(digest)
          },
          disk
        )
        assert.strictEqual(hashings(log), 1)
      })
    )
  )

  it.effect("that is damaged says where and what to do", () =>
    inStore((blobs, layout) =>
      Effect.gen(function* () {
        const { digest } = yield* blobs.put(content)
        overwrite(layout.blob(digest), "x")
        const error = yield* Effect.flip(blobs.get(digest))
        assert.include(error.message, layout.blob(digest))
        assert.include(error.message, digestOf("x"))
        assert.include(error.hint, "pipeline artifacts verify --repair")
      })
    )
  )
})
