/** Keeps a store's artifacts and checkpoints within a size: what was used longest ago goes first. */
import { Effect } from "effect"
import { Actions } from "./actions.ts"
import { Blobs } from "./blobs.ts"
import { Checkpoints } from "./checkpoints.ts"
import { closure, type Roots } from "./collect.ts"
import { type Digest, isDigest } from "./digest.ts"
import { Disk } from "./disk.ts"
import { onDisk } from "./store-fault.ts"

/** What a kept run used, and could do without. */
export interface Use {
  readonly key: Digest
  /** Absent where the run only began it. */
  readonly artifact: Digest | undefined
}

/** What kept runs used, from what was used longest ago to what was used last; and what of it must stay. */
export interface Droppable {
  /** Each key once for each artifact that it had. */
  readonly uses: ReadonlyArray<Use>
  readonly neededKeys: ReadonlySet<Digest>
  readonly neededArtifacts: ReadonlySet<Digest>
}

/**
 * Takes roots away until what the others need is within `maxBytes`, or none is left that may go.
 *
 * @returns the roots that are left, and how many bytes these need
 */
export const withinSize = Effect.fnUntraced(function* (
  roots: Roots,
  { uses, neededKeys, neededArtifacts }: Droppable,
  maxBytes: number
) {
  const actions = yield* Actions
  const checkpoints = yield* checkpointBytes
  const claims = new Claims()
  /** With its last use a key goes, and its record and checkpoints with it. */
  const last = new Map(uses.map((use) => [use.key, use]))
  const claim = Effect.fnUntraced(function* (artifact: Digest, holder: Holder) {
    if (!claims.has(artifact)) claims.describe(artifact, yield* blobSizes(artifact))
    claims.add(artifact, holder)
  })
  for (const artifact of neededArtifacts) yield* claim(artifact, "needed")
  for (const use of uses) if (use.artifact !== undefined) yield* claim(use.artifact, use)
  const keys = new Set(roots.keys)
  const stay = new Set(neededKeys)
  for (const key of yield* actions.keys) {
    const found = yield* actions.lookup(key)
    if (found._tag !== "Found") continue
    const { output, stage } = found.record
    if (roots.stages.has(stage)) stay.add(key)
    if (stay.has(key)) yield* claim(output, "needed")
    else if (keys.has(key)) yield* claim(output, last.get(key) ?? "needed")
  }
  let bytes = claims.bytes
  for (const key of keys) bytes += checkpoints.get(key) ?? 0
  for (const use of uses) {
    if (bytes <= maxBytes) break
    bytes -= claims.release(use)
    if (last.get(use.key) !== use || stay.has(use.key)) continue
    keys.delete(use.key)
    bytes -= checkpoints.get(use.key) ?? 0
  }
  return { roots: { ...roots, keys, artifacts: claims.artifacts }, bytes }
})

/** Bytes of the checkpoints of each key. */
const checkpointBytes = Effect.gen(function* () {
  const checkpoints = yield* Checkpoints
  const disk = yield* Disk
  const sizes = new Map<Digest, number>()
  for (const family of yield* checkpoints.families) {
    for (const { key, path } of yield* checkpoints.list(family)) {
      const stamp = yield* onDisk("look at", path, () => disk.stamp(path))
      sizes.set(key, (sizes.get(key) ?? 0) + (stamp?.size ?? 0))
    }
  }
  return sizes
})

/** Sizes of an artifact's blobs, its parts' included. */
const blobSizes = Effect.fnUntraced(function* (artifact: Digest) {
  const { layout } = yield* Blobs
  const disk = yield* Disk
  const sizes = new Map<string, number>()
  for (const blob of yield* closure(new Set([artifact]))) {
    if (!isDigest(blob)) continue
    const path = layout.blob(blob)
    sizes.set(blob, (yield* onDisk("look at", path, () => disk.stamp(path)))?.size ?? 0)
  }
  return sizes
})

type Holder = Use | "needed"

/** Who wants which artifact, and how many bytes all of them take together. */
class Claims {
  readonly #holders = new Map<Digest, Set<Holder>>()
  readonly #blobs = new Map<Digest, ReadonlyMap<string, number>>()
  /** Of how many artifacts each blob is a part. */
  readonly #shares = new Map<string, number>()
  bytes = 0

  get artifacts(): ReadonlySet<Digest> {
    return new Set(this.#holders.keys())
  }

  has(artifact: Digest): boolean {
    return this.#holders.has(artifact)
  }

  describe(artifact: Digest, blobs: ReadonlyMap<string, number>): void {
    this.#holders.set(artifact, new Set())
    this.#blobs.set(artifact, blobs)
    for (const [blob, size] of blobs) {
      const shares = this.#shares.get(blob) ?? 0
      this.#shares.set(blob, shares + 1)
      if (shares === 0) this.bytes += size
    }
  }

  add(artifact: Digest, holder: Holder): void {
    this.#holders.get(artifact)?.add(holder)
  }

  /** Lets go of all that somebody held; returns how many bytes nobody wants any more. */
  release(holder: Holder): number {
    const before = this.bytes
    for (const [artifact, holders] of this.#holders)
      if (holders.delete(holder) && holders.size === 0) this.#drop(artifact)
    return before - this.bytes
  }

  #drop(artifact: Digest): void {
    for (const [blob, size] of this.#blobs.get(artifact) ?? []) {
      const shares = (this.#shares.get(blob) ?? 1) - 1
      this.#shares.set(blob, shares)
      if (shares === 0) this.bytes -= size
    }
    this.#holders.delete(artifact)
  }
}
