/** Copies an artifact's files out of the store, parts and all. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { Artifacts } from "./artifacts.ts"
import type { Digest } from "./digest.ts"
import { Disk } from "./disk.ts"
import type { ArtifactReader, BlobReader } from "./kind.ts"
import type { StoreError } from "./store-error.ts"
import { onDisk, onDiskAsync } from "./store-fault.ts"

/** A file stands where an exported one would go. */
export class ExportTargetExists extends Schema.TaggedError<ExportTargetExists>()("ExportTargetExists", {
  path: Schema.String
}) {
  override get message() {
    return `${this.path} exists already`
  }
  get hint() {
    return "export into another directory, or remove the file"
  }
}

export interface ExportedFile {
  readonly path: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** Bytes copied at a time. */
const step = 1 << 22

/**
 * Writes the artifact's files to `directory`, and those of its parts to `part-0`, `part-1`, … in it. Nothing is overwritten.
 */
export const exportArtifact = Effect.fnUntraced(function* (digest: Digest, directory: string) {
  const artifacts = yield* Artifacts
  yield* artifacts.check(digest)
  const exported: Array<ExportedFile> = []
  yield* exportReader(yield* artifacts.reader(digest), directory, exported)
  return exported
})

const exportReader = (
  reader: ArtifactReader,
  directory: string,
  exported: Array<ExportedFile>
): Effect.Effect<void, ExportTargetExists | StoreError, Disk> =>
  Effect.gen(function* () {
    const disk = yield* Disk
    yield* onDisk("make", directory, () => disk.makeDirectory(directory))
    for (const [name, { digest }] of Object.entries(reader.manifest.files)) {
      const path = join(directory, name)
      if (existsSync(path)) return yield* new ExportTargetExists({ path })
      const blob = yield* reader.open(name)
      yield* copyBlob(blob, path)
      exported.push({ path, digest, size: blob.size })
    }
    for (const index of reader.manifest.parts.keys()) {
      yield* exportReader(yield* reader.part(index), join(directory, `part-${index}`), exported)
    }
  })

const copyBlob = Effect.fnUntraced(function* (blob: BlobReader, path: string) {
  const disk = yield* Disk
  yield* Effect.acquireUseRelease(
    onDiskAsync("write", path, () => disk.create(path)),
    (file) =>
      Effect.gen(function* () {
        for (let at = 0; at < blob.size; at += step) {
          const bytes = yield* blob.read(at, Math.min(step, blob.size - at))
          yield* onDiskAsync("write", path, () => file.write(bytes))
        }
      }).pipe(Effect.onError(() => Effect.ignore(onDisk("remove", path, () => disk.remove(path))))),
    (file) => Effect.ignore(onDiskAsync("close", path, () => file.close()))
  )
})
