/**
 * Checkpoints: where a stage stood, so that a later process goes on from there.
 *
 * They lie in one directory per *family*: the keys that differ only in params which may grow, such as the number of epochs. A
 * file is called `<cache key>.<position>.<digest>.safetensors`. The digest is that of its bytes, so a file vouches for
 * itself: whoever wrote it, under whatever lease, it either is whole and of this family, or it is passed over. A checkpoint
 * never decides about a result; it only saves the time of computing it again.
 */
import { Context, Effect, Layer, Result, Schema } from "effect"
import { type Digest, digestOf, isDigest } from "./digest.ts"
import { Disk, type DiskShape, isSystemError, writeAtomically } from "./disk.ts"
import type { StoreLayout } from "./layout.ts"
import { decodeHeader, encodeHeader, headerLength } from "./safetensors.ts"
import { fromShallowJson } from "./shallow-json.ts"
import type { StoreFault } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"
import { bytesOf, elementsFrom, type TensorData } from "./tensor-data.ts"

/** A place in a computation and all that is needed to go on from it. */
export interface CheckpointData {
  /** How far it is, in whatever the stage counts: a whole number that grows. */
  readonly position: number
  readonly progress: Schema.Json
  readonly tensors: ReadonlyMap<string, TensorData>
}

/** A checkpoint by its file's name. */
export interface CheckpointFile {
  readonly path: string
  /** The cache key of the node that wrote it. */
  readonly key: Digest
  readonly position: number
  readonly digest: Digest
}

/** A file that is no checkpoint of its family: torn, edited, or brought here from elsewhere. */
export class DamagedCheckpoint extends Schema.TaggedError<DamagedCheckpoint>()("DamagedCheckpoint", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `checkpoint ${this.path}: ${this.reason}`
  }
  get hint() {
    return "remove the file; it is not needed for any result"
  }
}

export interface CheckpointsShape {
  /** A family's checkpoints, the furthest first. Files of other names are left alone. */
  list(family: Digest): Effect.Effect<ReadonlyArray<CheckpointFile>, StoreFault>
  /** Reads a checkpoint and verifies every byte of it. */
  read(family: Digest, file: CheckpointFile): Effect.Effect<CheckpointData, DamagedCheckpoint | StoreFault>
  /**
   * Writes a checkpoint whole or not at all, and drops all but the furthest of its key.
   *
   * @param kept how many stay; by default {@link keptPerKey}
   */
  write(
    family: Digest,
    key: Digest,
    checkpoint: CheckpointData,
    kept?: number
  ): Effect.Effect<void, StoreFault>
  /** Drops a key's checkpoints but for the furthest `count`. */
  keep(family: Digest, key: Digest, count: number): Effect.Effect<void, StoreFault>
  /** Drops one file. */
  drop(file: CheckpointFile): Effect.Effect<void, StoreFault>
  /** Drops a family's directory if nothing is in it. */
  dropEmpty(family: Digest): Effect.Effect<void, StoreFault>
  /** Drops all checkpoints of a family. */
  clear(family: Digest): Effect.Effect<void, StoreFault>
  /** Every family in the store. */
  families: Effect.Effect<ReadonlyArray<Digest>, StoreFault>
}

/** Of a key in the making: should the last one be damaged, the one before it is there. */
export const keptPerKey = 2

export class Checkpoints extends Context.Service<Checkpoints, CheckpointsShape>()(
  "pipeline/artifact/Checkpoints"
) {
  static readonly layer = (layout: StoreLayout) =>
    Layer.effect(
      Checkpoints,
      Effect.map(Disk, (disk) => Checkpoints.of(makeCheckpoints(disk, layout)))
    )
}

const makeCheckpoints = (disk: DiskShape, layout: StoreLayout): CheckpointsShape => {
  const list: CheckpointsShape["list"] = (family) => {
    const directory = layout.checkpoints(family)
    return onDisk("list", directory, () =>
      disk
        .list(directory)
        .flatMap((name) => fileNamed(directory, name))
        .sort((a, b) => b.position - a.position)
    )
  }

  const read: CheckpointsShape["read"] = Effect.fnUntraced(function* (family, file) {
    const bytes = yield* onDisk("read", file.path, () => readIfThere(disk, file.path))
    const damaged = (reason: string) => new DamagedCheckpoint({ path: file.path, reason })
    if (bytes === undefined) return yield* damaged("it is gone")
    if (digestOf(bytes) !== file.digest) return yield* damaged("its bytes do not have the digest of its name")
    return yield* decode(bytes, family, file).pipe(Effect.mapError(({ message }) => damaged(message)))
  })

  const write: CheckpointsShape["write"] = Effect.fnUntraced(function* (
    family,
    key,
    checkpoint,
    kept = keptPerKey
  ) {
    const bytes = encode(family, checkpoint)
    const path = `${layout.checkpoints(family)}/${key}.${checkpoint.position}.${digestOf(bytes)}.safetensors`
    yield* onDisk("write", path, () => {
      disk.makeDirectory(layout.scratch)
      writeAtomically(disk, layout.scratch, path, bytes)
    })
    yield* keep(family, key, kept)
  })

  const keep: CheckpointsShape["keep"] = Effect.fnUntraced(function* (family, key, count) {
    const mine = (yield* list(family)).filter((file) => file.key === key)
    yield* Effect.forEach(mine.slice(count), drop, { discard: true })
  })

  const drop: CheckpointsShape["drop"] = ({ path }) => onDisk("remove", path, () => void disk.remove(path))

  const dropEmpty: CheckpointsShape["dropEmpty"] = (family) => {
    const directory = layout.checkpoints(family)
    return onDisk("remove", directory, () => {
      if (disk.list(directory).length === 0) disk.removeTree(directory)
    })
  }

  const clear: CheckpointsShape["clear"] = (family) => {
    const directory = layout.checkpoints(family)
    return onDisk("remove", directory, () => disk.removeTree(directory))
  }

  const families = onDisk("list", layout.checkpointRoot, () =>
    disk.list(layout.checkpointRoot).filter(isDigest)
  )

  return { list, read, write, keep, drop, dropEmpty, clear, families }
}

const pattern = /^([0-9a-f]{64})\.(\d{1,15})\.([0-9a-f]{64})\.safetensors$/

const fileNamed = (directory: string, name: string): ReadonlyArray<CheckpointFile> => {
  const [, key, position, digest] = pattern.exec(name) ?? []
  if (!isDigest(key) || !isDigest(digest)) return []
  return [{ path: `${directory}/${name}`, key, position: Number(position), digest }]
}

/** Another process may have dropped it since it was listed. */
const readIfThere = (disk: DiskShape, path: string): Uint8Array | undefined => {
  try {
    return disk.readFile(path)
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return undefined
    throw error
  }
}

/** What a file says of itself besides its tensors. All of a safetensors file's metadata are texts. */
const Metadata = Schema.Struct({
  checkpoint: Schema.Literal("1"),
  family: Schema.String,
  position: Schema.String,
  progress: fromShallowJson(Schema.Json)
})
const decodeMetadata = Schema.decodeUnknownResult(Metadata)
const encodeMetadata = Schema.encodeSync(Metadata)

const encode = (family: Digest, { position, progress, tensors }: CheckpointData): Uint8Array => {
  const metadata = encodeMetadata({ checkpoint: "1", family, position: String(position), progress })
  const named = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }))
  return Buffer.concat([
    encodeHeader(named, metadata),
    ...[...tensors.values()].map(({ data }) => bytesOf(data))
  ])
}

const decode = Effect.fnUntraced(function* (bytes: Uint8Array, family: Digest, { position }: CheckpointFile) {
  const length = yield* headerLength(bytes, bytes.length)
  const header = yield* decodeHeader(bytes.subarray(8, 8 + length), bytes.length)
  const decoded = decodeMetadata(header.metadata)
  if (Result.isFailure(decoded)) return yield* Effect.fail({ message: "it says nothing of any progress" })
  const metadata = decoded.success
  if (metadata.family !== family || metadata.position !== String(position))
    return yield* Effect.fail({ message: "it was written under another name" })
  const tensors = new Map<string, TensorData>()
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    const data = elementsFrom(dtype, bytes.subarray(header.dataOffset + begin, header.dataOffset + end))
    tensors.set(name, { dtype, shape, data })
  }
  return { position, progress: metadata.progress, tensors } satisfies CheckpointData
})
