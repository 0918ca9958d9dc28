/**
 * The content-addressed storage: bytes under their digest.
 *
 * A blob is written under a temporary name, flushed, and renamed, so that a name in the store always stands for whole
 * bytes. It is never changed afterwards. Reading verifies: the first time a process reads a blob, all of it is hashed.
 */
import { createHash } from "node:crypto"
import { dirname } from "node:path"
import { Context, Effect, Layer, Stream } from "effect"
import { asDigest, type Digest, digestOf } from "./digest.ts"
import {
  Disk,
  type DiskShape,
  makeLastingDirectory,
  renameOver,
  type Stamp,
  stampIfReadable,
  stampText,
  uniqueName
} from "./disk.ts"
import type { BlobReader } from "./kind.ts"
import type { StoreLayout } from "./layout.ts"
import type { FileEntry } from "./manifest.ts"
import { BlobCorrupt, BlobMissing, type StoreError } from "./store-error.ts"
import { onDisk, onDiskAsync } from "./store-fault.ts"

/** A blob's stamp as one string, to be remembered beside its digest. */
export type BlobStamp = string

export interface BlobsShape {
  readonly layout: StoreLayout
  put(bytes: Uint8Array): Effect.Effect<FileEntry, StoreError>
  /** Writes bytes as they come. A chunk must not be changed after it was handed over. */
  putStream<E, R>(content: Stream.Stream<Uint8Array, E, R>): Effect.Effect<FileEntry, StoreError | E, R>
  /** All bytes of a blob, verified. */
  get(digest: Digest): Effect.Effect<Uint8Array, StoreError>
  /** A blob open for reading at any place, verified before the first read. */
  open(digest: Digest): Effect.Effect<BlobReader, StoreError>
  /**
   * Succeeds with the blob's stamp if the blob is there and its bytes have its digest. Bytes are hashed unless the stamp is
   * the one under which they were verified before.
   */
  check(digest: Digest): Effect.Effect<BlobStamp, StoreError>
  /** Hashes the bytes whatever was believed before. */
  verify(digest: Digest): Effect.Effect<void, StoreError>
  /** Believes a blob that another process of this run has just written. */
  adopt(digest: Digest): Effect.Effect<void, StoreError>
  /** Remembers, from an earlier process, under which stamp a blob was verified. */
  trust(digest: Digest, stamp: BlobStamp): void
  /** Whether a blob still has the stamp under which it was verified. Touches nothing else; for many blobs in a row. */
  unchanged(digest: Digest, stamp: BlobStamp): boolean
}

export class Blobs extends Context.Service<Blobs, BlobsShape>()("pipeline/artifact/Blobs") {
  static readonly layer = (layout: StoreLayout) =>
    Layer.effect(
      Blobs,
      Effect.map(Disk, (disk) => Blobs.of(makeBlobs(disk, layout)))
    )
}

const hashedAtATime = 1 << 22

const makeBlobs = (disk: DiskShape, layout: StoreLayout): BlobsShape => {
  const verified = new Map<Digest, BlobStamp>()

  /** The stamp of a blob's file right now. */
  const stampOf = (digest: Digest): Effect.Effect<Stamp, StoreError> =>
    onDisk("look at", layout.blob(digest), () => disk.stamp(layout.blob(digest))).pipe(
      Effect.flatMap((stamp) => (stamp === undefined ? new BlobMissing({ digest }) : Effect.succeed(stamp)))
    )

  const hash = Effect.fnUntraced(function* (digest: Digest, size: number) {
    const path = layout.blob(digest)
    const file = yield* onDisk("open", path, () => disk.openRead(path))
    const sum = createHash("sha256")
    // One byte more than there should be, so that the first short read is the last one.
    const buffer = Buffer.allocUnsafe(Math.min(hashedAtATime, size + 1))
    yield* Effect.gen(function* () {
      for (let position = 0; ; ) {
        const count = yield* onDisk("read", path, () => file.read(buffer, position))
        sum.update(buffer.subarray(0, count))
        position += count
        if (count < buffer.length) return
        // A large blob must not keep heartbeats and signals waiting.
        yield* Effect.yieldNow
      }
    }).pipe(Effect.ensuring(Effect.sync(() => file.close())))
    return sum.digest("hex")
  })

  const verify = Effect.fnUntraced(function* (digest: Digest) {
    const before = yield* stampOf(digest)
    const found = yield* hash(digest, before.size)
    if (found !== digest) {
      verified.delete(digest)
      return yield* new BlobCorrupt({ digest, path: layout.blob(digest), found })
    }
    verified.set(digest, stampText(before))
  })

  const check = Effect.fnUntraced(function* (digest: Digest) {
    const stamp = stampText(yield* stampOf(digest))
    if (verified.get(digest) !== stamp) yield* verify(digest)
    return stamp
  })

  /** Gives finished bytes their name. What stood there before was the same, or corrupt: either way it is replaced. */
  const settle = (temporary: string, digest: Digest) =>
    onDisk("write", layout.blob(digest), () => {
      const path = layout.blob(digest)
      disk.protect(temporary)
      makeLastingDirectory(disk, dirname(path))
      renameOver(disk, temporary, path)
      disk.syncDirectory(dirname(path))
      const stamp = disk.stamp(path)
      if (stamp !== undefined) verified.set(digest, stampText(stamp))
    })

  const put = Effect.fnUntraced(function* (bytes: Uint8Array) {
    const digest = digestOf(bytes)
    const entry = { digest, size: bytes.length }
    if (yield* isThere(digest)) return entry
    const temporary = `${layout.scratch}/${uniqueName()}`
    yield* onDisk("write", temporary, () => {
      disk.makeDirectory(layout.scratch)
      disk.createWhole(temporary, bytes)
    }).pipe(
      Effect.andThen(settle(temporary, digest)),
      Effect.tapError(() => discard(temporary))
    )
    return entry
  })

  /**
   * True only for a blob known to be good, so that writing heals a bad one. Protecting it again makes it young: nothing may
   * name it yet, and a garbage collection must not take it before something does.
   */
  const isThere = (digest: Digest) =>
    onDisk("write", layout.blob(digest), () => {
      if (disk.stamp(layout.blob(digest)) !== undefined) disk.protect(layout.blob(digest))
    }).pipe(Effect.andThen(check(digest)), Effect.match({ onSuccess: () => true, onFailure: () => false }))

  const discard = (temporary: string) =>
    Effect.ignore(onDisk("remove", temporary, () => disk.remove(temporary)))

  const putStream = Effect.fnUntraced(function* <E, R>(content: Stream.Stream<Uint8Array, E, R>) {
    const temporary = `${layout.scratch}/${uniqueName()}`
    yield* onDisk("write", layout.scratch, () => disk.makeDirectory(layout.scratch))
    return yield* Effect.acquireUseRelease(
      onDiskAsync("write", temporary, () => disk.create(temporary)),
      (file) =>
        Effect.gen(function* () {
          const sum = createHash("sha256")
          let size = 0
          // One chunk is being written while the next one is being made and hashed.
          let writing: Promise<void> = Promise.resolve()
          yield* Stream.runForEach(content, (chunk) =>
            onDiskAsync("write", temporary, async () => {
              await writing
              writing = file.write(chunk)
              writing.catch(() => {}) // reported by the next await
              sum.update(chunk)
              size += chunk.length
            })
          )
          yield* onDiskAsync("write", temporary, () => writing.then(() => file.sync()))
          return { digest: asDigest(sum.digest("hex")), size }
        }),
      (file) => Effect.ignore(onDiskAsync("close", temporary, () => file.close()))
    ).pipe(
      Effect.tap(({ digest }) => settle(temporary, digest)),
      Effect.onError(() => discard(temporary))
    )
  })

  const open = Effect.fnUntraced(function* (digest: Digest) {
    yield* check(digest)
    const path = layout.blob(digest)
    const { size } = yield* stampOf(digest)
    return {
      size,
      read: (position, length) =>
        onDisk("read", path, () => {
          if (position + length > size) return undefined
          const buffer = new Uint8Array(length)
          const file = disk.openRead(path)
          try {
            return file.read(buffer, position) === length ? buffer : undefined
          } finally {
            file.close()
          }
        }).pipe(
          Effect.flatMap((bytes) =>
            bytes === undefined
              ? new BlobCorrupt({ digest, path, found: `fewer than ${position + length} bytes` })
              : Effect.succeed(bytes)
          )
        )
    } satisfies BlobReader
  })

  const get = Effect.fnUntraced(function* (digest: Digest) {
    const path = layout.blob(digest)
    yield* stampOf(digest)
    const bytes = yield* onDisk("read", path, () => disk.readFile(path))
    const found = digestOf(bytes)
    if (found !== digest) return yield* new BlobCorrupt({ digest, path, found })
    return bytes
  })

  return {
    layout,
    put,
    putStream,
    get,
    open,
    check,
    verify,
    adopt: (digest) => Effect.map(stampOf(digest), (stamp) => void verified.set(digest, stampText(stamp))),
    trust: (digest, stamp) => void verified.set(digest, stamp),
    unchanged: (digest, stamp) => {
      const now = stampIfReadable(disk, layout.blob(digest))
      return now !== undefined && stampText(now) === stamp
    }
  }
}
