import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Blobs } from "../../src/artifact/blobs.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import { ExportTargetExists, exportArtifact } from "../../src/artifact/export.ts"
import { Dataset, Kind } from "../../src/artifact/index.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { encodeManifest } from "../../src/artifact/manifest.ts"
import { BlobCorrupt, BlobMissing, StoreFault } from "../../src/artifact/store-error.ts"
import { makeFaultyDisk } from "../rig/faulty-disk.ts"
import { scratchDirectory, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const inStore = <A, E, R>(use: (layout: StoreLayout, target: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const layout = yield* scratchLayout
    const target = join(yield* scratchDirectory, "made", "out")
    return yield* Effect.provide(use(layout, target), storeAt(layout))
  })

/** All files below a directory, with what they hold. */
const tree = (directory: string): { readonly [path: string]: string } =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path.slice(directory.length + 1), digestOf(readFileSync(path))]
      })
  )

const info = { name: "d", shape: [1, 1, 1], classes: ["a"], notes: {} } as const
const datasets = Effect.gen(function* () {
  const artifacts = yield* Artifacts
  const made = (value: number) =>
    Dataset.fromArrays({ info, images: Uint8Array.of(value), labels: Int32Array.of(0) })
  const load = (digest: Digest) => Effect.flatMap(artifacts.reader(digest), Dataset.decode)
  const a = yield* load(yield* artifacts.write(Dataset, made(1)))
  const b = yield* load(yield* artifacts.write(Dataset, made(2)))
  const inner = yield* load(yield* artifacts.write(Dataset, yield* Dataset.combine([a, b], { info })))
  const order = Int32Array.of(2, 0)
  return yield* artifacts.write(Dataset, yield* Dataset.combine([b, inner], { info, order }))
})

describe("exporting an artifact", () => {
  it.effect("writes every file of it, and of its parts and theirs", () =>
    inStore((_, target) =>
      Effect.gen(function* () {
        const exported = yield* exportArtifact(yield* datasets, target)
        const found = tree(target)
        const part = (name: string) => [`${name}data.safetensors`, `${name}dataset.json`]
        assert.sameMembers(Object.keys(found), [
          "dataset.json",
          "order.safetensors",
          ...part("part-0/"),
          "part-1/dataset.json",
          ...part("part-1/part-0/"),
          ...part("part-1/part-1/")
        ])
        assert.deepStrictEqual(
          Object.fromEntries(exported.map(({ path, digest }) => [path.slice(target.length + 1), digest])),
          found
        )
        assert.strictEqual(found["part-0/data.safetensors"], found["part-1/part-1/data.safetensors"])
        for (const { path, size } of exported) assert.strictEqual(readFileSync(path).length, size)
      })
    )
  )

  it.effect("writes a file of many chunks to the last byte, whatever size its manifest claims", () =>
    inStore((_, target) =>
      Effect.gen(function* () {
        const bytes = Buffer.alloc((1 << 23) + 1, "abc")
        const blobs = yield* Blobs
        const entry = yield* blobs.put(bytes)
        const files = { "small.bin": { ...entry, size: 1 }, "large.bin": { ...entry, size: 2 ** 40 } }
        const { digest } = yield* blobs.put(
          encodeManifest({ format: 1, kind: "K", version: 1, files, parts: [] })
        )
        yield* exportArtifact(digest, target)
        assert.deepStrictEqual(tree(target), { "small.bin": entry.digest, "large.bin": entry.digest })
      })
    )
  )

  it.effect("overwrites nothing, be it a file or a link to one", () =>
    inStore((_, target) =>
      Effect.gen(function* () {
        const digest = yield* datasets
        yield* exportArtifact(digest, target)
        const before = tree(target)
        const error = yield* Effect.flip(exportArtifact(digest, target))
        assert.instanceOf(error, ExportTargetExists)
        assert.include(error.message, join(target, "dataset.json"))
        assert.deepStrictEqual(tree(target), before)

        const other = `${target}-2`
        const outside = `${target}-outside`
        yield* Effect.flip(exportArtifact(digestOf("nothing"), other))
        assert.isFalse(existsSync(other))
        const Note = Kind.make<"Note", string>({
          name: "Note",
          version: 1,
          encode: (text, writer) => writer.bytes("note.txt", Buffer.from(text)),
          decode: () => Effect.succeed("")
        })
        const note = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Note, "new"))
        symlinkSync(outside, join(target, "note.txt"))
        assert.isTrue((yield* Effect.exit(exportArtifact(note, target)))._tag === "Failure")
        assert.isFalse(existsSync(outside))
      })
    )
  )

  it.effect("writes nothing of an artifact that is damaged or incomplete", () =>
    inStore((layout, target) =>
      Effect.gen(function* () {
        const digest = yield* datasets
        assert.instanceOf(yield* Effect.flip(exportArtifact(digestOf("nothing"), target)), BlobMissing)
        const { manifest } = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.reader(digest))
        const path = layout.blob(manifest.parts[1] ?? digest)
        chmodSync(path, 0o644)
        writeFileSync(path, "damaged")
        assert.instanceOf(yield* Effect.flip(exportArtifact(digest, target)), BlobCorrupt)
        assert.isFalse(existsSync(target))
      })
    )
  )

  it.effect("leaves no half of a file when the disk is full, so that it can be tried again", () =>
    inStore((layout, target) =>
      Effect.gen(function* () {
        const digest = yield* datasets
        let writes = 0
        const { disk } = makeFaultyDisk((_, { operation, path }) =>
          operation === "write" && path.startsWith(target) && writes++ === 2
            ? { code: "ENOSPC", done: "half" }
            : undefined
        )
        const error = yield* Effect.flip(
          exportArtifact(digest, target).pipe(Effect.provide(storeAt(layout, disk)))
        )
        assert.instanceOf(error, StoreFault)
        assert.include(error.message, "no space left")
        const known = new Set(Object.values(tree(target)))
        const whole = yield* exportArtifact(digest, `${target}-2`)
        for (const found of known)
          assert.include(
            whole.map((file) => String(file.digest)),
            found
          )
      })
    )
  )
})
