/** Checks every byte of a store against its name. */
import { basename, dirname } from "node:path"
import { Effect, Option, Schema } from "effect"
import { Actions } from "./actions.ts"
import { Artifacts } from "./artifacts.ts"
import { Blobs } from "./blobs.ts"
import { Checkpoints } from "./checkpoints.ts"
import { withoutSourceMap } from "./code-file.ts"
import { type Digest, digestOf, isDigest } from "./digest.ts"
import { Disk, readText } from "./disk.ts"
import { isSealed } from "./sealed-file.ts"
import type { StoreFault } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"

export interface Damage {
  readonly path: string
  readonly problem: string
  /** What a repair did about it. What only could not be read is kept: a disk that refuses says nothing about the bytes. */
  readonly repaired?: "removed" | "blanked" | "kept"
}

export interface Verified {
  readonly blobs: number
  readonly actions: number
  /** In bytes. */
  readonly bytes: number
  readonly damage: ReadonlyArray<Damage>
}

/** A problem, and whether it is the file's. */
interface Found {
  readonly problem: string
  readonly isDamage: boolean
}

/**
 * Hashes every blob, follows every record, and checks every other file of the store but those of runs.
 *
 * @param repair removes what is damaged, so that the next run computes it again
 * @param progress is told how many blobs are done, of how many
 */
export const verify = Effect.fnUntraced(function* (
  repair: boolean,
  progress: (done: number, total: number) => void
) {
  const blobs = yield* Blobs
  const disk = yield* Disk
  const { layout } = blobs
  const damage: Array<Damage> = []
  const settle = Effect.fnUntraced(function* (path: string, { problem, isDamage }: Found) {
    if (repair && isDamage) yield* onDisk("remove", path, () => disk.removeTree(path))
    damage.push({ path, problem, ...(repair ? { repaired: isDamage ? "removed" : "kept" } : {}) })
  })
  const names = yield* onDisk("list", layout.cas, () =>
    disk
      .list(layout.cas)
      .flatMap((prefix) => disk.list(`${layout.cas}/${prefix}`).map((rest) => [prefix, rest] as const))
  )
  let bytes = 0
  for (const [index, [prefix, rest]] of names.entries()) {
    const path = `${layout.cas}/${prefix}/${rest}`
    const found = yield* blobProblem(prefix + rest)
    if (found !== undefined) yield* settle(path, found)
    else bytes += (yield* onDisk("look at", path, () => disk.stamp(path)))?.size ?? 0
    progress(index + 1, names.length)
  }
  const actions = yield* verifyActions(settle)
  yield* verifyCheckpoints(settle)
  yield* verifyMemory(settle)
  return { blobs: names.length, actions, bytes, damage } satisfies Verified
})

type Settle = (path: string, found: Found) => Effect.Effect<void, StoreFault>

const damaged = (problem: string): Found => ({ problem, isDamage: true })
const unreadable = ({ code }: StoreFault): Found => ({
  problem: `it cannot be read (${code})`,
  isDamage: false
})
const noFile = damaged("it is no regular file")

const blobProblem = Effect.fnUntraced(function* (name: string) {
  const blobs = yield* Blobs
  if (!isDigest(name)) return damaged("its name is no digest")
  return yield* blobs.verify(name).pipe(
    Effect.as(undefined),
    Effect.catchTags({
      BlobMissing: () => Effect.succeed(noFile),
      BlobCorrupt: ({ found }) => Effect.succeed(damaged(`its bytes hash to ${found}`)),
      StoreFault: (fault) => Effect.succeed(unreadable(fault))
    })
  )
})

const verifyActions = Effect.fnUntraced(function* (settle: Settle) {
  const actions = yield* Actions
  const artifacts = yield* Artifacts
  const disk = yield* Disk
  const { layout } = yield* Blobs
  const keys = yield* actions.keys
  for (const key of keys) {
    const path = layout.action(key)
    const found = yield* actions.lookup(key).pipe(
      Effect.flatMap((found) => {
        if (found._tag === "Found") return artifactProblem(artifacts, found.record.output)
        // Somebody's collection may have taken it since it was listed.
        const isGone = found._tag === "Absent" && !isListed(disk, path)
        return Effect.succeed(isGone ? undefined : damaged("it is no action record of this key"))
      }),
      Effect.catch((fault) => Effect.succeed(unreadable(fault)))
    )
    if (found !== undefined) yield* settle(path, found)
  }
  return keys.length
})

const artifactProblem = (artifacts: Artifacts["Service"], digest: Digest) =>
  artifacts.check(digest).pipe(
    Effect.as(undefined),
    Effect.catch((error) =>
      Effect.succeed<Found>({
        problem: `its artifact is not whole: ${error.message}`,
        isDamage: error._tag !== "StoreFault"
      })
    )
  )

/** Whether a directory has a name, whatever it stands for. */
const isListed = (disk: Disk["Service"], path: string): boolean =>
  disk.list(dirname(path)).includes(basename(path))

const verifyCheckpoints = Effect.fnUntraced(function* (settle: Settle) {
  const checkpoints = yield* Checkpoints
  const disk = yield* Disk
  for (const family of yield* checkpoints.families) {
    for (const file of yield* checkpoints.list(family)) {
      const stamp = yield* onDisk("look at", file.path, () => disk.stamp(file.path))
      const found =
        stamp === undefined
          ? noFile
          : yield* checkpoints.read(family, file).pipe(
              Effect.as(undefined),
              Effect.catchTags({
                DamagedCheckpoint: ({ reason }) => Effect.succeed(damaged(reason)),
                StoreFault: (fault) => Effect.succeed(unreadable(fault))
              })
            )
      // A run that goes on meanwhile drops those that it has passed.
      if (found !== undefined && isListed(disk, file.path)) yield* settle(file.path, found)
    }
  }
})

/** What is wrong with a file, by its name and text. */
type Rule = (name: string, text: string) => string | undefined

/** Checks what only speeds things up, and leases: of these only that they are files, for only their holders can judge them. */
const verifyMemory = Effect.fnUntraced(function* (settle: Settle) {
  const disk = yield* Disk
  const { layout } = yield* Blobs
  const rules: ReadonlyArray<readonly [directory: string, rule: Rule]> = [
    [layout.plans, planProblem],
    [layout.code, codeProblem],
    [layout.memos, (name, text) => (isSealed(layout, `${layout.memos}/${name}`, text) ? undefined : changed)],
    [layout.leases, () => undefined]
  ]
  for (const [directory, rule] of rules) {
    for (const name of yield* onDisk("list", directory, () => disk.list(directory))) {
      const path = `${directory}/${name}`
      const found = yield* onDisk("read", path, () => fileProblem(disk, path, rule)).pipe(
        Effect.catch((fault) => Effect.succeed(unreadable(fault)))
      )
      if (found !== undefined && isListed(disk, path)) yield* settle(path, found)
    }
  }
})

const fileProblem = (disk: Disk["Service"], path: string, rule: Rule): Found | undefined => {
  const text = readText(disk, path)
  if (text === undefined) return noFile
  const problem = rule(basename(path), text)
  return problem === undefined ? undefined : damaged(problem)
}

const changed = "its checksum does not hold"

const planProblem: Rule = (name, text) => (name === `${digestOf(text)}.json` ? undefined : changed)

const codeProblem: Rule = (name, text) => {
  if (name.endsWith(".map")) return Option.isSome(decodeObject(text)) ? undefined : "it is no source map"
  return name === `${digestOf(withoutSourceMap(text))}.mjs` ? undefined : changed
}

const decodeObject = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)
