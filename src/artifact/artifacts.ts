/** Artifacts in the store: values of a kind, as a manifest and the files it names. */
import { Context, Effect, Layer } from "effect"
import { type BlobStamp, Blobs, type BlobsShape } from "./blobs.ts"
import type { Digest } from "./digest.ts"
import type { AnyKind, ArtifactReader, CodecError, Kind } from "./kind.ts"
import { decodeManifest, encodeManifest, type FileEntry, isPlainName, type Manifest } from "./manifest.ts"
import { BlobCorrupt, BlobMissing, type StoreError } from "./store-error.ts"

/** What an artifact consists of in the store. */
export interface ArtifactContents {
  readonly manifest: Manifest
  /** Bytes of its own files, without its manifest and its parts. */
  readonly bytes: number
  /** Every blob of it and of its parts, with the stamp under which it was found good. */
  readonly blobs: ReadonlyMap<Digest, BlobStamp>
}

export interface ArtifactsShape {
  /** Writes a value; the same value always gets the same digest. */
  write<Name extends string, Value>(
    kind: Kind<Name, Value>,
    value: Value
  ): Effect.Effect<Digest, CodecError | StoreError>
  /** Reads the artifact's manifest and hands out its files. Fails where the artifact is of another kind. */
  read(kind: AnyKind, digest: Digest): Effect.Effect<unknown, CodecError | StoreError>
  reader(digest: Digest): Effect.Effect<ArtifactReader, StoreError>
  /** Succeeds only if every byte of the artifact and its parts is there and has its digest. */
  check(digest: Digest): Effect.Effect<ArtifactContents, StoreError>
  /** The same for an artifact that a worker has just written and hashed: its own files are not hashed a second time. */
  adopt(digest: Digest): Effect.Effect<ArtifactContents, StoreError>
}

export class Artifacts extends Context.Service<Artifacts, ArtifactsShape>()("pipeline/artifact/Artifacts") {
  static readonly layer = Layer.effect(
    Artifacts,
    Effect.map(Blobs, (blobs) => Artifacts.of(makeArtifacts(blobs)))
  )
}

const makeArtifacts = (blobs: BlobsShape): ArtifactsShape => {
  const manifestOf = Effect.fnUntraced(function* (digest: Digest) {
    const bytes = yield* blobs.get(digest)
    return yield* decodeManifest(Buffer.from(bytes).toString("utf8")).pipe(
      Effect.mapError(
        () => new BlobCorrupt({ digest, path: blobs.layout.blob(digest), found: "no manifest" })
      )
    )
  })

  const reader = (digest: Digest): Effect.Effect<ArtifactReader, StoreError> =>
    Effect.map(manifestOf(digest), (manifest) => {
      // A file that the manifest does not name is as absent as one whose bytes are gone.
      const entry = (file: string): Effect.Effect<FileEntry, StoreError> => {
        const found = Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined
        return found === undefined ? new BlobMissing({ digest }) : Effect.succeed(found)
      }
      return {
        digest,
        manifest,
        bytes: (file) => Effect.flatMap(entry(file), (found) => blobs.get(found.digest)),
        open: (file) => Effect.flatMap(entry(file), (found) => blobs.open(found.digest)),
        part: (index) => {
          const part = manifest.parts[index]
          return part === undefined ? new BlobMissing({ digest }) : reader(part)
        }
      }
    })

  const write = Effect.fnUntraced(function* <Name extends string, Value>(
    kind: Kind<Name, Value>,
    value: Value
  ) {
    const files: Record<string, FileEntry> = {}
    const parts: Array<Digest> = []
    const add = (file: string, entry: FileEntry) => {
      if (!isPlainName(file)) throw new Error(`${kind.name} writes a file called ${JSON.stringify(file)}`)
      files[file] = entry
    }
    yield* kind.encode(value, {
      bytes: (file, content) => Effect.map(blobs.put(content), (entry) => add(file, entry)),
      stream: (file, content) => Effect.map(blobs.putStream(content), (entry) => add(file, entry)),
      part: (digest) => Effect.sync(() => void parts.push(digest))
    })
    const manifest = encodeManifest({ format: 1, kind: kind.name, version: kind.version, files, parts })
    return (yield* blobs.put(manifest)).digest
  })

  const read = Effect.fnUntraced(function* (kind: AnyKind, digest: Digest) {
    const source = yield* reader(digest)
    const { manifest } = source
    if (manifest.kind !== kind.name || manifest.version !== kind.version) {
      const found = `a ${manifest.kind} of version ${manifest.version}, where a ${kind.name} of version ${kind.version} is needed`
      return yield* new BlobCorrupt({ digest, path: blobs.layout.blob(digest), found })
    }
    return yield* kind.decode(source)
  })

  const check = Effect.fnUntraced(function* (digest: Digest) {
    const found = new Map<Digest, BlobStamp>()
    const manifest = yield* collect(digest, found, new Set())
    const bytes = Object.values(manifest.files).reduce((sum, { size }) => sum + size, 0)
    return { manifest, bytes, blobs: found }
  })

  const adopt = Effect.fnUntraced(function* (digest: Digest) {
    const manifest = yield* manifestOf(digest)
    yield* blobs.adopt(digest)
    for (const file of Object.values(manifest.files)) yield* blobs.adopt(file.digest)
    return yield* check(digest)
  })

  /** @param walked the artifacts looked at so far: a file of one may have the bytes of another's manifest */
  const collect = (
    digest: Digest,
    found: Map<Digest, BlobStamp>,
    walked: Set<Digest>
  ): Effect.Effect<Manifest, StoreError> =>
    Effect.gen(function* () {
      walked.add(digest)
      found.set(digest, yield* blobs.check(digest))
      const manifest = yield* manifestOf(digest)
      for (const file of Object.values(manifest.files)) {
        if (!found.has(file.digest)) found.set(file.digest, yield* blobs.check(file.digest))
      }
      for (const part of manifest.parts) if (!walked.has(part)) yield* collect(part, found, walked)
      return manifest
    })

  return { write, read, reader, check, adopt }
}
