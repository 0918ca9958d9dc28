import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, Stream } from "effect"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Blobs } from "../../src/artifact/blobs.ts"
import { collect } from "../../src/artifact/collect.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { Disk } from "../../src/artifact/disk.ts"
import { exportArtifact } from "../../src/artifact/export.ts"
import { Kind } from "../../src/artifact/index.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { encodeManifest } from "../../src/artifact/manifest.ts"
import { BlobCorrupt, BlobMissing } from "../../src/artifact/store-error.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"

interface Bundle {
  readonly files: { readonly [name: string]: string }
  readonly parts: ReadonlyArray<Digest>
}

/** Files and parts just as they are given. */
const Bundle = Kind.make<"Bundle", Bundle>({
  name: "Bundle",
  version: 1,
  encode: ({ files, parts }, writer) =>
    Effect.gen(function* () {
      for (const [name, text] of Object.entries(files)) yield* writer.bytes(name, Buffer.from(text))
      for (const part of parts) yield* writer.part(part)
    }),
  decode: ({ manifest }) => Effect.succeed({ files: {}, parts: manifest.parts })
})

const write = (files: Bundle["files"], parts: Bundle["parts"] = []) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Bundle, { files, parts }))
const check = (digest: Digest) => Effect.flatMap(Artifacts, (artifacts) => artifacts.check(digest))

const inStore = <A, E, R>(use: (layout: StoreLayout) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(scratchLayout, (layout) => Effect.provide(use(layout), storeAt(layout)))

/** Puts bytes under a name that is not theirs, as nobody can but somebody who writes to the store's files. */
const forge = (layout: StoreLayout, digest: Digest, bytes: Uint8Array | string) => {
  mkdirSync(dirname(layout.blob(digest)), { recursive: true })
  if (existsSync(layout.blob(digest))) chmodSync(layout.blob(digest), 0o644)
  writeFileSync(layout.blob(digest), bytes)
}

const manifest = (fields: object): Buffer =>
  Buffer.from(JSON.stringify({ format: 1, kind: "Bundle", version: 1, files: {}, parts: [], ...fields }))

describe("an artifact", () => {
  it.effect("is named by its manifest, which does not depend on the order in which files were written", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const part = yield* write({})
        const digest = yield* write({ b: "2", a: "1" }, [part])
        assert.strictEqual(yield* write({ a: "1", b: "2" }, [part]), digest)
        const entry = (text: string) => ({ digest: digestOf(text), size: 1 })
        const expected = {
          format: 1,
          kind: "Bundle",
          version: 1,
          files: { a: entry("1"), b: entry("2") },
          parts: [part]
        }
        assert.strictEqual(readFileSync(layout.blob(digest), "utf8"), `${JSON.stringify(expected)}\n`)
      })
    )
  )

  it.effect("differs when a file's name, bytes or place, or a part or their order differ", () =>
    inStore(() =>
      Effect.gen(function* () {
        const p = yield* write({ p: "" })
        const q = yield* write({ q: "" })
        const all = yield* Effect.all([
          write({ a: "1" }),
          write({ b: "1" }),
          write({ a: "2" }),
          write({ a: "1", b: "" }),
          write({ a: "1" }, [p]),
          write({ a: "1" }, [q]),
          write({ a: "1" }, [p, q]),
          write({ a: "1" }, [q, p]),
          write({ a: "1" }, [p, p])
        ])
        assert.strictEqual(new Set(all).size, all.length)
      })
    )
  )

  it.effect("is whole only if every file of it and of its parts, and theirs, is", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const inner = yield* write({ x: "inner" })
        const middle = yield* write({ x: "middle" }, [inner])
        const outer = yield* write({ x: "outer" }, [middle, inner])
        const names = [outer, middle, inner, ...["outer", "middle", "inner"].map(digestOf)]
        const whole = yield* check(outer)
        assert.sameMembers([...whole.blobs.keys()], names)
        assert.strictEqual(whole.bytes, 5)
        for (const name of names) {
          const bytes = readFileSync(layout.blob(name))
          forge(layout, name, Buffer.concat([bytes, Buffer.from("!")]))
          const error = yield* Effect.flip(check(outer))
          assert.instanceOf(error, BlobCorrupt)
          assert.strictEqual(error._tag === "BlobCorrupt" ? error.digest : "", name)
          forge(layout, name, bytes)
        }
        yield* check(outer)
      })
    )
  )

  it.effect("is not whole when a file has the bytes of a part's manifest, and that part is not whole", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const part = yield* write({ x: "of the part" })
        const text = readFileSync(layout.blob(part), "utf8")
        const outer = yield* write({ copy: text }, [part])
        assert.include([...(yield* check(outer)).blobs.keys()], digestOf("of the part"))
        forge(layout, digestOf("of the part"), "")
        assert.instanceOf(yield* Effect.flip(check(outer)), BlobCorrupt)
      })
    )
  )

  it.effect.each([
    "../evil",
    "..",
    ".",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "",
    ".hidden",
    "a\0b",
    "a\nb",
    "ä",
    "-rf",
    "__proto__"
  ])("with a file called %j is neither written nor read", (name) =>
    inStore((layout) =>
      Effect.gen(function* () {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(write(Object.fromEntries([[name, "x"]])))))
        const bytes = Buffer.from(
          JSON.stringify({
            format: 1,
            kind: "Bundle",
            version: 1,
            files: Object.fromEntries([[name, { digest: digestOf("x"), size: 1 }]]),
            parts: []
          })
        )
        const { digest } = yield* Effect.flatMap(Blobs, (blobs) => blobs.put(bytes))
        yield* Effect.flatMap(Blobs, (blobs) => blobs.put(Buffer.from("x")))
        const artifacts = yield* Artifacts
        const target = `${layout.root}-exported`
        const uses: ReadonlyArray<Effect.Effect<unknown, unknown, Artifacts | Disk>> = [
          check(digest),
          artifacts.read(Bundle, digest),
          artifacts.adopt(digest),
          exportArtifact(digest, target)
        ]
        for (const use of uses) assert.instanceOf(yield* Effect.flip(use), BlobCorrupt)
        assert.isFalse(existsSync(target))
      })
    )
  )
})

describe("a manifest that cannot be right", () => {
  const entry = { digest: digestOf("x"), size: 1 }
  it.effect.each([
    ["is no JSON", Buffer.from("{")],
    ["is no text", Buffer.from([0xff, 0xfe, 0])],
    ["is empty", Buffer.alloc(0)],
    ["is of another format", manifest({ format: 2 })],
    ["has no files", manifest({ files: undefined })],
    ["has a list of files", manifest({ files: [entry] })],
    ["has a file whose digest is none", manifest({ files: { a: { ...entry, digest: "../../secret" } } })],
    [
      "has a file with a digest in capitals",
      manifest({ files: { a: { ...entry, digest: entry.digest.toUpperCase() } } })
    ],
    ["has a file of negative size", manifest({ files: { a: { ...entry, size: -1 } } })],
    ["has a part whose digest is none", manifest({ parts: ["x"] })],
    ["has parts that are no list", manifest({ parts: { 0: entry.digest } })]
  ] as const)("because it %s is an error and no artifact", ([, bytes]) =>
    inStore(() =>
      Effect.gen(function* () {
        const artifacts = yield* Artifacts
        const { digest } = yield* Effect.flatMap(Blobs, (blobs) => blobs.put(bytes))
        for (const use of [
          artifacts.check(digest),
          artifacts.adopt(digest),
          artifacts.reader(digest),
          artifacts.read(Bundle, digest)
        ]) {
          const error = yield* Effect.flip(use)
          assert.instanceOf(error, BlobCorrupt)
          assert.include(error.message, "no manifest")
        }
      })
    )
  )

  it.effect("because it names what is not there is told apart from damage", () =>
    inStore(() =>
      Effect.gen(function* () {
        const nowhere = digestOf("nowhere")
        const { digest } = yield* Effect.flatMap(Blobs, (blobs) =>
          blobs.put(encodeManifest({ format: 1, kind: "Bundle", version: 1, files: {}, parts: [nowhere] }))
        )
        assert.instanceOf(yield* Effect.flip(check(digest)), BlobMissing)
        const file = yield* Effect.flatMap(Blobs, (blobs) =>
          blobs.put(manifest({ files: { a: { digest: nowhere, size: 1 } } }))
        )
        assert.instanceOf(yield* Effect.flip(check(file.digest)), BlobMissing)
      })
    )
  )

  // No bytes can contain their own hash, so such a manifest is always a forged blob.
  it.effect(
    "because it is a part of itself is found out by its hash, and nothing goes round in circles",
    () =>
      inStore((layout) =>
        Effect.gen(function* () {
          const [a, b] = [digestOf("a"), digestOf("b")]
          forge(layout, a, manifest({ parts: [b] }))
          forge(layout, b, manifest({ parts: [a] }))
          const self = digestOf("self")
          forge(layout, self, manifest({ parts: [self], files: { f: { digest: self, size: 1 } } }))
          const artifacts = yield* Artifacts
          for (const digest of [a, b, self]) {
            assert.instanceOf(yield* Effect.flip(artifacts.check(digest)), BlobCorrupt)
            assert.instanceOf(yield* Effect.flip(artifacts.adopt(digest)), BlobCorrupt)
            assert.instanceOf(yield* Effect.flip(artifacts.reader(digest)), BlobCorrupt)
          }
          const roots = {
            keys: new Set<Digest>(),
            artifacts: new Set([a, b, self]),
            stages: new Set<string>(),
            youngerThan: 0
          }
          yield* collect(roots, true)
        })
      )
  )

  it.effect("that names each part twice, three hundred deep, is checked part by part", () =>
    inStore(() =>
      Effect.gen(function* () {
        const blobs = yield* Blobs
        let top = yield* write({})
        for (let depth = 0; depth < 300; depth++) {
          const bytes = encodeManifest({
            format: 1,
            kind: "Bundle",
            version: 1,
            files: {},
            parts: [top, top]
          })
          top = (yield* blobs.put(bytes)).digest
        }
        // Two parts each, so whoever looked at one twice would look at 2^300.
        assert.strictEqual((yield* check(top)).blobs.size, 301)
      })
    )
  )
})

describe("writing an artifact", () => {
  it.effect("passes on what went wrong in the kind", () =>
    inStore(() =>
      Effect.gen(function* () {
        const Broken = Kind.make<"Broken", null>({
          name: "Broken",
          version: 1,
          encode: (_, writer) =>
            writer.stream("x", Stream.fail(new BlobMissing({ digest: digestOf("why") }))),
          decode: () => Effect.succeed(null)
        })
        const error = yield* Effect.flip(
          Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Broken, null))
        )
        assert.include(error.message, digestOf("why"))
      })
    )
  )

  it.effect("of one value by eight writers gives one artifact", () =>
    inStore(() =>
      Effect.gen(function* () {
        const Note = Kind.json("Note", Schema.String)
        const artifacts = yield* Artifacts
        const digests = yield* Effect.all(
          Array.from({ length: 8 }, () => artifacts.write(Note, "the same")),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(new Set(digests).size, 1)
        yield* artifacts.check(digests[0] ?? digestOf(""))
      })
    )
  )
})
