/** When a request is made again, and after how long. */
import { Duration, Effect, Random, Schedule } from "effect"
import type { MlflowError } from "./errors.ts"
import type { MlflowSettings } from "./settings.ts"

/** One attempt that failed, with what is to be known for another. */
export interface Failed {
  readonly error: MlflowError
  /** `once`: it may have been an accident, but it looks like the request's own fault. */
  readonly again: "never" | "once" | "often"
  /** What the server asked for, in seconds. */
  readonly retryAfter: number | undefined
  /** Whether the server may have done what it was asked to. */
  readonly mayHaveHappened: boolean
}

/** As MLflow's Python client: a delay grows to two minutes and no further. */
const longestDelay = Duration.minutes(2)
/** A server that asks for more patience than this does not get it. */
const longestRetryAfter = Duration.minutes(10)

/** Makes attempts until one succeeds, or there is no use in another. */
export const retried =
  ({ times, factor, jitter, heedRetryAfter }: MlflowSettings["retry"]) =>
  <A>(attempt: Effect.Effect<A, Failed>): Effect.Effect<A, MlflowError> => {
    const policy = Schedule.exponential(Duration.seconds(factor)).pipe(
      Schedule.setInputType<Failed>(),
      Schedule.upTo({ times }),
      Schedule.while(
        ({ input, attempt: nth }) => input.again === "often" || (input.again === "once" && nth === 1)
      ),
      Schedule.modifyDelay(({ input, duration }) =>
        Effect.map(Random.next, (chance) => {
          const own = Duration.sum(Duration.min(duration, longestDelay), Duration.seconds(chance * jitter))
          if (!heedRetryAfter || input.retryAfter === undefined) return own
          return Duration.max(own, Duration.min(Duration.seconds(input.retryAfter), longestRetryAfter))
        })
      )
    )
    return attempt.pipe(
      Effect.retry(policy),
      Effect.mapError(({ error }) => error)
    )
  }

/**
 * Creates what must not be there twice: after an attempt that may have done it, it looks before it tries again.
 *
 * A server that takes a request, is silent until patience ends, and carries it out after the next look makes two all the
 * same; the caller's tag tells them apart.
 */
export const createdOnce = <A>(
  retry: <B>(attempt: Effect.Effect<B, Failed>) => Effect.Effect<B, MlflowError>,
  {
    find,
    create,
    mayExist = false
  }: {
    readonly find: Effect.Effect<A | undefined, Failed>
    readonly create: Effect.Effect<A, Failed>
    readonly mayExist?: boolean | undefined
  }
): Effect.Effect<A, MlflowError> =>
  Effect.suspend(() => {
    let look = mayExist
    const creation = Effect.tapError(create, ({ mayHaveHappened }) =>
      Effect.sync(() => {
        look ||= mayHaveHappened
      })
    )
    return retry(
      Effect.suspend(() =>
        look
          ? Effect.flatMap(find, (found) => (found === undefined ? creation : Effect.succeed(found)))
          : creation
      )
    )
  })
