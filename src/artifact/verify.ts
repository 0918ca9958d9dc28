/** Checks every byte of a store against its name. */
import { Effect } from "effect"
import { Actions } from "./actions.ts"
import { Artifacts } from "./artifacts.ts"
import { Blobs } from "./blobs.ts"
import { Checkpoints } from "./checkpoints.ts"
import { isDigest } from "./digest.ts"
import { Disk } from "./disk.ts"
import { onDisk } from "./store-fault.ts"

export interface Damage {
  readonly path: string
  readonly problem: string
}

export interface Verified {
  readonly blobs: number
  readonly actions: number
  /** In bytes. */
  readonly bytes: number
  readonly damage: ReadonlyArray<Damage>
}

/**
 * Hashes every blob and follows every record.
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
  const names = yield* onDisk("list", layout.cas, () =>
    disk
      .list(layout.cas)
      .flatMap((prefix) => disk.list(`${layout.cas}/${prefix}`).map((rest) => [prefix, rest] as const))
  )
  let bytes = 0
  for (const [index, [prefix, rest]] of names.entries()) {
    const path = `${layout.cas}/${prefix}/${rest}`
    const found = yield* blobProblem(prefix + rest)
    if (found !== undefined) {
      damage.push({ path, problem: found.problem })
      if (repair && found.isDamage) yield* onDisk("remove", path, () => disk.removeTree(path))
    } else bytes += (yield* onDisk("look at", path, () => disk.stamp(path)))?.size ?? 0
    progress(index + 1, names.length)
  }
  const actions = yield* verifyActions(repair, damage)
  yield* verifyCheckpoints(repair, damage)
  return { blobs: names.length, actions, bytes, damage } satisfies Verified
})

const damaged = (problem: string) => ({ problem, isDamage: true })

const blobProblem = Effect.fnUntraced(function* (name: string) {
  const blobs = yield* Blobs
  if (!isDigest(name)) return damaged("its name is no digest")
  return yield* blobs.verify(name).pipe(
    Effect.as(undefined),
    Effect.catchTags({
      BlobMissing: () => Effect.succeed(damaged("it is no regular file")),
      BlobCorrupt: ({ found }) => Effect.succeed(damaged(`its bytes hash to ${found}`)),
      // A disk that refuses says nothing about the bytes: they are not thrown away for it.
      StoreFault: ({ code }) => Effect.succeed({ problem: `it cannot be read (${code})`, isDamage: false })
    })
  )
})

const verifyActions = Effect.fnUntraced(function* (repair: boolean, damage: Array<Damage>) {
  const actions = yield* Actions
  const artifacts = yield* Artifacts
  const disk = yield* Disk
  const { layout } = yield* Blobs
  const keys = yield* actions.keys
  for (const key of keys) {
    const found = yield* actions.lookup(key)
    const problem =
      found._tag !== "Found"
        ? damaged("it is no action record of this key")
        : yield* artifacts.check(found.record.output).pipe(
            Effect.as(undefined),
            Effect.catch((error) =>
              Effect.succeed({
                problem: `its artifact is not whole: ${error.message}`,
                isDamage: error._tag !== "StoreFault"
              })
            )
          )
    if (problem === undefined) continue
    damage.push({ path: layout.action(key), problem: problem.problem })
    if (repair && problem.isDamage)
      yield* onDisk("remove", layout.action(key), () => disk.removeTree(layout.action(key)))
  }
  return keys.length
})

const verifyCheckpoints = Effect.fnUntraced(function* (repair: boolean, damage: Array<Damage>) {
  const checkpoints = yield* Checkpoints
  const disk = yield* Disk
  for (const family of yield* checkpoints.families) {
    for (const file of yield* checkpoints.list(family)) {
      const found = yield* checkpoints.read(family, file).pipe(
        Effect.as(undefined),
        Effect.catchTags({
          DamagedCheckpoint: ({ reason }) => Effect.succeed(damaged(reason)),
          StoreFault: ({ code }) =>
            Effect.succeed({ problem: `it cannot be read (${code})`, isDamage: false })
        })
      )
      // A run that goes on meanwhile drops those that it has passed.
      if (found === undefined || !disk.exists(file.path)) continue
      damage.push({ path: file.path, problem: found.problem })
      if (repair && found.isDamage) yield* checkpoints.drop(file)
    }
  }
})
