/**
 * Garbage collection: removes what no kept run needs.
 *
 * It works from names alone, so that it is the same whatever order things happened in: first records that are not needed,
 * then blobs that no remaining record reaches. A record goes before its blobs, so a crash in between leaves blobs without a
 * record, which the next collection removes, and never a record without its blobs.
 */
import { Effect, Option } from "effect"
import { Actions } from "./actions.ts"
import { Blobs } from "./blobs.ts"
import { Checkpoints } from "./checkpoints.ts"
import type { Digest } from "./digest.ts"
import { changedMillis, Disk, type Stamp } from "./disk.ts"
import type { Lease } from "./leases.ts"
import { decodeManifest } from "./manifest.ts"
import { onDisk } from "./store-fault.ts"

/** What must stay. */
export interface Roots {
  /** Keys that kept runs found, computed, or only began: what these left unfinished is worth as much. */
  readonly keys: ReadonlySet<Digest>
  /** Artifacts of kept runs, for the case that their record is gone. */
  readonly artifacts: ReadonlySet<Digest>
  /** Stages that live runs may still look up: everything these ever made stays. */
  readonly stages: ReadonlySet<string>
  /** Blobs younger than this stay, because a live run may be about to name them. Milliseconds since 1970. */
  readonly youngerThan: number
}

export interface Collected {
  readonly actions: number
  readonly blobs: number
  readonly checkpoints: number
  /** In bytes. */
  readonly freed: number
  readonly keptActions: number
  readonly keptBlobs: number
}

/**
 * @param dryRun only counts
 * @param lease fails when somebody else took the collection over while this process stood still
 */
export const collect = Effect.fnUntraced(function* (roots: Roots, dryRun: boolean, lease?: Lease) {
  const confirm = lease?.confirm ?? Effect.void
  const actions = yield* Actions
  const blobs = yield* Blobs
  const disk = yield* Disk
  const { layout } = blobs
  const needed = new Set(roots.artifacts)
  let removedActions = 0
  let keptActions = 0
  for (const key of yield* actions.keys) {
    const found = yield* actions.lookup(key)
    if (found._tag === "Found" && (roots.keys.has(key) || roots.stages.has(found.record.stage))) {
      needed.add(found.record.output)
      keptActions++
    } else {
      removedActions++
      if (dryRun) continue
      yield* confirm
      yield* actions.remove(key)
    }
  }
  const reachable = yield* closure(needed)
  let freed = 0
  let removedBlobs = 0
  let keptBlobs = 0
  for (const prefix of yield* onDisk("list", layout.cas, () => disk.list(layout.cas))) {
    for (const rest of yield* onDisk("list", `${layout.cas}/${prefix}`, () =>
      disk.list(`${layout.cas}/${prefix}`)
    )) {
      const path = `${layout.cas}/${prefix}/${rest}`
      const stamp = yield* onDisk("look at", path, () => disk.stamp(path))
      const young = stamp !== undefined && changedMillis(stamp) > roots.youngerThan
      if (reachable.has(prefix + rest) || young) {
        keptBlobs++
        continue
      }
      removedBlobs++
      freed += stamp?.size ?? 0
      if (dryRun) continue
      yield* confirm
      yield* onDisk("remove", path, () => disk.removeTree(path))
    }
  }
  yield* confirm
  const checkpoints = yield* collectCheckpoints(roots, dryRun)
  if (!dryRun) yield* removeScratch(roots.youngerThan)
  return {
    actions: removedActions,
    blobs: removedBlobs,
    checkpoints: checkpoints.count,
    freed: freed + checkpoints.bytes,
    keptActions,
    keptBlobs
  } satisfies Collected
})

/** Takes the checkpoints of keys that no kept run was concerned with, however far they are. */
const collectCheckpoints = Effect.fnUntraced(function* (roots: Roots, dryRun: boolean) {
  const store = yield* Checkpoints
  const disk = yield* Disk
  let count = 0
  let bytes = 0
  for (const family of yield* store.families) {
    for (const file of yield* store.list(family)) {
      const stamp = yield* onDisk("look at", file.path, () => disk.stamp(file.path))
      if (roots.keys.has(file.key) || stamp === undefined || changedMillis(stamp) > roots.youngerThan)
        continue
      count++
      bytes += stamp.size
      if (!dryRun) yield* store.drop(file)
    }
    if (!dryRun) yield* store.dropEmpty(family)
  }
  return { count, bytes }
})

/** How long somebody may take to write a file, in milliseconds: also who is no run, or none yet. */
const writing = 3_600_000

/** Half-written files that a crash left behind. */
const removeScratch = Effect.fnUntraced(function* (youngerThan: number) {
  const { layout } = yield* Blobs
  const disk = yield* Disk
  yield* onDisk("remove", layout.scratch, () => {
    for (const name of disk.list(layout.scratch)) {
      const stamp = disk.stamp(`${layout.scratch}/${name}`)
      if (stamp !== undefined && writtenMillis(stamp) <= youngerThan - writing)
        disk.remove(`${layout.scratch}/${name}`)
    }
  })
})

/** When content changed last. */
const writtenMillis = ({ modified }: Stamp): number =>
  Number(BigInt(modified.split(" ")[0] ?? "0") / 1_000_000n)

/** Every blob that the artifacts consist of, their parts' blobs included. */
export const closure = Effect.fnUntraced(function* (artifacts: ReadonlySet<Digest>) {
  const blobs = yield* Blobs
  const reached = new Set<string>()
  // Apart from `reached`: a file of one artifact may have the bytes of another one's manifest.
  const walked = new Set<Digest>()
  const open: Array<Digest> = [...artifacts]
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (walked.has(digest)) continue
    walked.add(digest)
    reached.add(digest)
    // What cannot be read cannot be kept whole; its blob stays for `verify` to name.
    const manifest = yield* blobs.get(digest).pipe(
      Effect.flatMap((bytes) => decodeManifest(Buffer.from(bytes).toString("utf8"))),
      Effect.option
    )
    if (Option.isNone(manifest)) continue
    for (const file of Object.values(manifest.value.files)) reached.add(file.digest)
    open.push(...manifest.value.parts)
  }
  return reached
})
