/** The `Checkpoint` service of a stage in a worker. */
import { Clock, Duration, Effect } from "effect"
import { type CheckpointFile, Checkpoints, keptPerKey } from "../artifact/checkpoints.ts"
import type { Digest } from "../artifact/digest.ts"
import type { StoreFault } from "../artifact/store-error.ts"
import type { CheckpointShape, CheckpointValue } from "../stage/checkpoint.ts"

/** The most work, in time, that a killed worker should lose; more where writing its state takes more than a hundredth of it. */
export const checkpointInterval = Duration.seconds(20)

/** How many times as long as writing it takes must pass before another checkpoint is worth its time. */
const timesItsCost = 100

/** Milliseconds by a clock that nobody sets back: after such a jump nothing would be kept until the time is as late again. */
const elapsed = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** @param family the directory; shared by keys that differ only in params that may grow */
export const liveCheckpoint = Effect.fnUntraced(function* (family: Digest, key: Digest) {
  const store = yield* Checkpoints
  let last = yield* elapsed
  let cost = 0

  const whole = (file: CheckpointFile) =>
    store.read(family, file).pipe(
      Effect.tapErrorTag("DamagedCheckpoint", () => Effect.ignore(store.drop(file))),
      Effect.catch((error) => Effect.as(Effect.logWarning(`${error.message}; passed over`), undefined))
    )

  const notUsed = (error: StoreFault) =>
    Effect.as(Effect.logWarning(`checkpoints are not used: ${error.message}`), undefined)

  const latest: CheckpointShape["latest"] = Effect.fnUntraced(function* (fits) {
    for (const file of yield* store.list(family)) {
      const found = yield* whole(file)
      if (found !== undefined && fits(found.progress)) return found
    }
    return undefined
  }, Effect.catch(notUsed))

  const part: CheckpointShape["part"] = Effect.fnUntraced(function* (position) {
    for (const file of yield* store.list(family)) {
      if (file.position !== position) continue
      const found = yield* whole(file)
      if (found !== undefined) return found
    }
    return undefined
  }, Effect.catch(notUsed))

  const keep = Effect.fnUntraced(function* (checkpoint: CheckpointValue, kept: number) {
    const { position } = checkpoint
    if (!Number.isSafeInteger(position) || position < 0 || position >= 1e15)
      return yield* Effect.die(new Error(`a checkpoint's position is a whole number from 0, not ${position}`))
    const began = yield* elapsed
    const isKept = yield* store.write(family, key, checkpoint, kept).pipe(
      Effect.as(true),
      Effect.catch((error) =>
        Effect.as(Effect.logWarning(`a checkpoint was not kept: ${error.message}`), false)
      )
    )
    last = yield* elapsed
    cost = last - began
    return isKept
  })

  const write: CheckpointShape["write"] = (checkpoint) => Effect.asVoid(keep(checkpoint, keptPerKey))

  const keepPart: CheckpointShape["keepPart"] = (made) => keep(made, Number.POSITIVE_INFINITY)

  const offer: CheckpointShape["offer"] = Effect.fnUntraced(function* (checkpoint) {
    const now = yield* elapsed
    if (now - last >= timesItsCost * cost) yield* write(checkpoint)
  })

  const due = Effect.map(
    elapsed,
    (now) => now - last >= Math.max(Duration.toMillis(checkpointInterval), timesItsCost * cost)
  )

  return { latest, write, offer, keepPart, part, due } satisfies CheckpointShape
})
