/**
 * Is a node's artifact already there?
 *
 * A hit is a hit only if the record is there and every byte of the artifact has its digest; anything else is a miss with a
 * reason. Nodes that are what they were last time are recognised by their files' stamps alone.
 */
import { Effect } from "effect"
import type { ActionRecord, MetricValues } from "../artifact/action.ts"
import { Actions, type ActionsShape } from "../artifact/actions.ts"
import { Artifacts, type ArtifactsShape } from "../artifact/artifacts.ts"
import { Blobs, type BlobsShape } from "../artifact/blobs.ts"
import type { Digest } from "../artifact/digest.ts"
import type { StoreError, StoreFault } from "../artifact/store-error.ts"
import { type BoundParts, cacheKey } from "../plan/key.ts"
import { type LastNode, type LastRun, lastNode } from "../plan/last-run.ts"

export interface Hit {
  readonly _tag: "Hit"
  readonly key: Digest
  readonly digest: Digest
  readonly seconds: number
  readonly bytes: number
  readonly metrics: MetricValues
  /** The stamps of its action record and of every blob. */
  readonly record: string
  readonly blobs: LastNode["blobs"]
}

export interface Miss {
  readonly _tag: "Miss"
  readonly key: Digest
  /** Something about the store, when the key itself was seen before; `undefined` when the key is new. */
  readonly damage: string | undefined
}

export interface Prober {
  probe(name: string, bound: BoundParts): Effect.Effect<Hit | Miss, StoreFault>
  /** What is under a key in the store, without looking at what was there last time. */
  lookup(key: Digest): Effect.Effect<Hit | Miss, StoreFault>
}

export const makeProber = Effect.fnUntraced(function* (last: LastRun) {
  const blobs = yield* Blobs
  const actions = yield* Actions
  const artifacts = yield* Artifacts
  for (const node of Object.values(last.nodes))
    for (const [digest, stamp] of node.blobs) blobs.trust(digest, stamp)
  return proberOf(blobs, actions, artifacts, last)
})

const proberOf = (
  blobs: BlobsShape,
  actions: ActionsShape,
  artifacts: ArtifactsShape,
  last: LastRun
): Prober => {
  // Artifacts that several nodes share are looked at once.
  const seen = new Set<Digest>()

  const unchanged = (node: LastNode): boolean =>
    actions.stamp(node.key) === node.record &&
    node.blobs.every(([digest, stamp]) => {
      const good = seen.has(digest) || blobs.unchanged(digest, stamp)
      if (good) seen.add(digest)
      return good
    })

  const probe: Prober["probe"] = (name, bound) =>
    Effect.suspend(() => {
      const before = lastNode(last, name)
      if (before === undefined || !sameParts(before, bound)) return lookup(cacheKey(bound))
      return unchanged(before) ? Effect.succeed(hitOf(before)) : lookup(before.key)
    })

  const lookup: Prober["lookup"] = Effect.fnUntraced(function* (key) {
    // Taken first: a file that changes meanwhile has another stamp next time.
    const record = actions.stamp(key) ?? ""
    const found = yield* actions.lookup(key)
    if (found._tag === "Absent") return { _tag: "Miss", key, damage: undefined }
    if (found._tag === "Unreadable") return { _tag: "Miss", key, damage: "its action record was damaged" }
    return yield* artifacts.check(found.record.output).pipe(
      Effect.map((contents): Hit => ({ ...hitOfRecord(found.record), record, blobs: [...contents.blobs] })),
      Effect.catch((error) => damageOf(key, error))
    )
  })

  return { probe, lookup }
}

/** Damaged artifacts are computed again; a disk that refuses to be read is another matter. */
const damageOf = (key: Digest, error: StoreError): Effect.Effect<Miss, StoreFault> => {
  if (error._tag === "StoreFault") return Effect.fail(error)
  const damage =
    error._tag === "BlobMissing"
      ? "its artifact is missing from the store"
      : "its artifact was changed on disk"
  return Effect.succeed({ _tag: "Miss", key, damage })
}

const hitOf = ({ key, digest, seconds, bytes, metrics, record, blobs }: LastNode): Hit => ({
  _tag: "Hit",
  key,
  digest,
  seconds,
  bytes,
  metrics,
  record,
  blobs
})

const hitOfRecord = (record: ActionRecord): Omit<Hit, "record" | "blobs"> => ({
  _tag: "Hit",
  key: record.key,
  digest: record.output,
  seconds: record.seconds,
  bytes: record.bytes,
  metrics: record.metrics
})

/** Whether two nodes have one key, decided without hashing. */
const sameParts = (a: BoundParts, b: BoundParts): boolean =>
  a.fixed === b.fixed &&
  sameTree(a.inputs, b.inputs) &&
  sameTree(a.environment, b.environment) &&
  sameTree(a.files, b.files) &&
  sameTree(engineTree(a), engineTree(b))

const engineTree = ({ engine }: BoundParts): Tree =>
  engine === undefined ? null : { name: engine.name, device: engine.device, versions: engine.versions }

type Tree = string | null | ReadonlyArray<Tree> | { readonly [key: string]: Tree }

const sameTree = (a: Tree, b: Tree | undefined): boolean => {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a)
  const right = new Map(Object.entries(b))
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameTree(value, right.get(key)))
  )
}
